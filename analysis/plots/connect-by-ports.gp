# What connect() costs against how full the ports were.
set margins at screen (margin_left + 12) / width, screen plot_right / width, \
	screen 1 - (head_room + 360.) / height, screen 1 - head_room / height
set xrange [0:100]
dash_of(i) = i <= 7 ? 1 : 2
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
	set label 10+i name[i] at end_x[i], end_y[i] offset 1, 0 textcolor rgb value('c'.(int(i-1) % 7 + 1))
}
plot for [i=1:int(cases)] data index i-1 using 1:2 with linespoints \
	linecolor rgb value('c'.(int(i-1) % 7 + 1)) linewidth thick \
	dashtype dash_of(i) pointtype 7 pointsize 0.7 notitle
unset label
unset arrow
