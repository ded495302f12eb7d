# Relative change of each metric, with its interval; left of the line is less than A.
set border 1
unset ytics
set grid xtics
set xtics x_step nomirror
set format x '%+g %%'
set margins at screen plot_left / width, screen plot_right / width, \
	screen 1 - (head_room + cases * row_step) / height, screen 1 - head_room / height
set xrange [x_low:x_end]
set yrange [cases+0.5:0.5]
do for [i=1:int(cases)] {
	set label 100+i name[i] at graph 0, first i right offset -1, 0 textcolor rgb ink
	set label 300+i note[i] at graph 1, first i offset 1, 0 textcolor rgb (news[i] > 0 ? ink : dim)
}
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead linecolor rgb ink linewidth 1
plot data index 0 using 2:1:3:4 with xerrorbars linecolor rgb dim linewidth thin pointtype 7 pointsize 0.5 notitle, \
	data index 1 using 2:1:3:4 with xerrorbars linecolor rgb c3 linewidth thick pointtype 7 pointsize 0.8 notitle, \
	data index 2 using 2:1:3:4 with xerrorbars linecolor rgb c1 linewidth thick pointtype 5 pointsize 0.8 notitle
