# One panel, one curve per group of cases, named at its end.
plot_right = width - margin_right - 7.4 * name_chars - 50
head_room = head + 24
height = head_room + 360. + foot
