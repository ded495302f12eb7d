# Seconds until the first connection found no port; a cell without colour did not run out in that time.
set border 0
unset grid
set tics scale 0
set margins at screen plot_left / width, screen (plot_left + columns * cell_width) / width, \
	screen 1 - (head_room + rows * cell_height) / height, screen 1 - head_room / height
set xrange [0.5:columns+0.5]
set yrange [0.5:rows+0.5]
set xtics ('' 1)
set ytics ('' 1)
do for [i=1:int(columns)] { set xtics add (x_name[i] i) }
do for [i=1:int(rows)] { set ytics add (y_name[i] i) }
# From the warning colour towards paper: what ran out first stands out, and what ran out last is no paper yet.
part(c, n) = (int(c) >> n) & 255
mix(f, n) = int(part(c1, n) * (1 - f) + part(paper, n) * f) << n
shade_of(z) = z >= 0 ? mix(0.25+0.6*z/z_end, 16) + mix(0.25+0.6*z/z_end, 8) + mix(0.25+0.6*z/z_end, 0) : paper
set label 1 y_label at screen margin_left / width, screen 1 - (head_room - 4.) / height \
	font small textcolor rgb dim
plot data using 1:2:($1-0.5+half_gap):($1+0.5-half_gap):($2-0.46):($2+0.46):(shade_of($3)) with boxxyerror \
	linecolor rgb variable fillstyle solid 1.0 border linecolor rgb grid notitle, \
	data using 1:2:4 with labels textcolor rgb ink notitle
