set xrange [0:x_end]
set yrange [0:y_top]
set xtics x_step nomirror
set ytics y_step nomirror
do for [i=1:int(cases)] {
	set margins at screen screen_left(i), screen screen_right(i), \
		screen screen_bottom(i, 0), screen screen_top(i, 0)
	lc = word('c1 c2 c3 c4 c5 c6 c7', int(colour[i]))
	paint = value(lc)
	set format x (lowest(i) ? '%g' : '')
	set format y (col_of(i) == 0 ? '%.0f' : '')
	set label 7 (col_of(i) == 0 ? 'sockets' : '') at graph 0, graph 1 right offset -0.9, -0.3 \
		font small textcolor rgb dim
	set object 1 rectangle from 0, 0 to load[i], graph 1 behind \
		fillcolor rgb shade fillstyle solid 1 noborder
	set label 1 name[i] at graph 0, graph 1 offset 0, 2.0 font bold textcolor rgb paint
	set label 2 note[i] at graph 0, graph 1 offset 0, 0.85 font small textcolor rgb dim
	plot for [j=1:int(ghosts)] data index 3*(int(ghost_of[j])-1)+1 with steps linecolor rgb ghost linewidth 0.8, \
		data index 3*(i-1) with steps linecolor rgb paint linewidth thick, \
		data index 3*(i-1)+2 with lines linecolor rgb ink linewidth 1.1 dashtype (2,5)
}
