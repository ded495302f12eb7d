# One line of the page per row: names left, a note right.
row_step = 24.
name_room = 7.4 * name_chars + 20
note_room = 7.4 * note_chars + 20
plot_left = margin_left + name_room
plot_right = width - margin_right - note_room
head_room = head + 16
height = head_room + 12 + cases * row_step + foot
