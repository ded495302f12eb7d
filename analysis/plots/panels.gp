# Small multiples: where each panel lies.
gap_x = 22.
gap_y = 58.
if (!exists('subrows')) subrows = 1     # panels of one case, one above the other
if (!exists('gap_sub')) gap_sub = 14.
if (!exists('panel_height')) panel_height = rows * subrows == 1 ? 250. : 150.
row_height = subrows * panel_height + (subrows - 1) * gap_sub
if (!exists('key_room')) key_room = 0.
head_room = head + 40 + key_room
height = head_room + rows * row_height + (rows - 1) * gap_y + foot
panel_width = (width - margin_left - margin_right - (columns - 1) * gap_x) / columns

# Panel i counts from 1, row by row; sub counts from 0 at the top.
col_of(i) = (int(i) - 1) % int(columns)
row_of(i) = (int(i) - 1) / int(columns)
left_of(i) = margin_left + col_of(i) * (panel_width + gap_x)
top_of(i) = head_room + row_of(i) * (row_height + gap_y)
screen_left(i) = left_of(i) / width
screen_right(i) = (left_of(i) + panel_width) / width
screen_top(i, sub) = 1 - (top_of(i) + sub * (panel_height + gap_sub)) / height
screen_bottom(i, sub) = screen_top(i, sub) - panel_height / height
# The lowest panel of its column carries the tic labels.
lowest(i) = i + int(columns) > int(cases)
