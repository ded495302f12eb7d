# A grid of cells: x and y are the places of values, not the values.
cell_width = 96. > 760. / columns ? 760. / columns : 96.
cell_height = 44.
plot_left = margin_left + 90
head_room = head + 16
height = head_room + rows * cell_height + foot + 16
