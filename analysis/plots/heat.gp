# A grid of cells: x and y are the places of values, not the values.
cell_width = (width - margin_left - 90 - margin_right) / columns
cell_height = 44.
half_gap = 0.04 * cell_height / cell_width # the same on all sides
plot_left = margin_left + 90
head_room = head + 16
height = head_room + rows * cell_height + foot + 16
