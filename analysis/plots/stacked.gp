# The bars, a part after the other, with names left, labels inside and sums right.
set margins at screen 0, screen 1, screen 0, screen 1
unset border
unset tics
do for [k=1:int(parts)] {
	y = head + 20. * key_line[k]
	set object 10+k rectangle from screen key_x[k]/width, screen 1-(y+2)/height \
		to screen (key_x[k]+11)/width, screen 1-(y-9)/height front \
		fillcolor rgb value('c'.int(part_colour[k])) fillstyle solid noborder
	set label 10+k part[k] at screen (key_x[k]+16)/width, screen 1-(y-4)/height \
		font small textcolor rgb ink
}
plot [0:1] [0:1] 2 notitle
unset object
unset label
set border 1
set tics nomirror
unset ytics
unset grid
set grid xtics
set xtics autofreq nomirror
set margins at screen plot_left / width, screen plot_right / width, \
	screen 1 - (head_room + cases * bar_step) / height, screen 1 - (head_room - 4.) / height
set xrange [0:x_end]
set yrange [cases+0.5:0.5]
do for [i=1:int(cases)] {
	set label 100+i name[i] at graph 0, first i right offset -1, 0 textcolor rgb ink
	set label 200+i beside[i] at graph 1, first i offset 1, 0 textcolor rgb dim
}
do for [n=1:int(inners)] {
	# Yellow and light blue are too bright for white letters.
	bright = theme ne 'dark' && colour_of[int(inner_part[n])+1] >= 5 && colour_of[int(inner_part[n])+1] <= 6
	set label 300+n inner[n] at inner_x[n], inner_y[n] center font small \
		textcolor rgb (bright ? ink : paper) front
}
plot for [k=1:int(parts)] data index k-1 using 2:1:2:3:($1-0.36):($1+0.36) with boxxyerror \
	linecolor rgb value('c'.int(part_colour[k])) \
	fillstyle solid 1.0 border linecolor rgb paper
