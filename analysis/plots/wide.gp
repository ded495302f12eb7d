# One panel over the whole page.
height = head + 330. + foot
