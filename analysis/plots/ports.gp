set xrange [0:x_end]
set yrange [0:y_top]
set xtics x_step nomirror
set ytics y_step nomirror
do for [i=1:int(cases)] {
	set margins at screen screen_left(i), screen screen_right(i), \
		screen screen_bottom(i, 0), screen screen_top(i, 0)
	set format x (lowest(i) ? '%g' : '')
	set format y (col_of(i) == 0 ? '%.0f %%' : '')
	set object 1 rectangle from 0, 0 to load[i], graph 1 behind \
		fillcolor rgb shade fillstyle solid 1 noborder
	set label 1 name[i] at graph 0, graph 1 offset 0, 2.0 font bold textcolor rgb ink
	set label 2 peak_label[i] at graph 0, graph 1 offset 0, 0.85 font small textcolor rgb dim
	set arrow 1 from graph 0, first 100 to graph 1, first 100 nohead \
		linecolor rgb c1 linewidth 1.2 dashtype (6,3) front
	if (out_at[i] >= 0) {
		set arrow 2 from out_at[i], graph 0 to out_at[i], graph 1 nohead \
			linecolor rgb c1 linewidth 1.2 front
		set label 3 out_label[i] at out_at[i], graph 0.5 offset 0.6, 0 front textcolor rgb c1
	} else {
		unset arrow 2
		unset label 3
	}
	plot data index i-1 using 1:(100*$2/capacity[i]) with filledcurves y1=0 linecolor rgb c2 fillstyle transparent solid 0.25 noborder, \
		data index i-1 using 1:(100*$2/capacity[i]) with lines linecolor rgb c2 linewidth thick
}
