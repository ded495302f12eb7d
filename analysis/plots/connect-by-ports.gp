# What connect() costs against how full the ports were.
set margins at screen (margin_left + 12) / width, screen plot_right / width, \
	screen 1 - (head_room + 360.) / height, screen 1 - head_room / height
set xrange [0:100]
set logscale y
set tics nomirror
set xtics 10 nomirror
set ytics nomirror (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000)
set mytics 1
set yrange [y_low:y_top]
set format x '%g %%'
set format y '%g'
set label 1 y_label at graph 0, graph 1 offset 0, 0.8 font small textcolor rgb dim
set arrow 1 from first 50, graph 0 to first 50, graph 1 nohead linecolor rgb dim linewidth 1 dashtype (6,3)
do for [i=1:int(cases)] {
	paint = value('c'.(int(i-1) % 7 + 1))
	set arrow 10+i from first end_x[i], first end_y[i] to graph 1.035, graph label_at[i] nohead \
		linecolor rgb paint linewidth 0.6 dashtype (2,4)
	set label 10+i name[i] at graph 1.045, graph label_at[i] textcolor rgb paint
}
curve_of(i) = sprintf("data index %d using 1:2 with linespoints linecolor rgb value('c%d') ", \
	i - 1, (i - 1) % 7 + 1) \
	.sprintf("linewidth thick dashtype %s pointtype 7 pointsize 0.7 notitle, ", i <= 7 ? "1" : "(5,2)")
command = ''
do for [i=1:int(cases)] { command = command.curve_of(i) }
eval "plot ".command[1:strlen(command)-2]
