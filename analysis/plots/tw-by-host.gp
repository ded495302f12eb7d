# TIME_WAIT held by each host over time; shaded as far as the capture goes.
set margins at screen margin_left / width, screen 1 - margin_right / width, \
	screen foot / height, screen 1 - (head + 14.) / height
set xrange [0:x_end]
set yrange [0:y_top]
set xtics x_step nomirror
set ytics nomirror
if (y_top < 6) set ytics 1 # sockets are whole
set format y '%.0f'
set object 1 rectangle from 0, 0 to captured, graph 1 behind \
	fillcolor rgb shade fillstyle solid 1 noborder
set label 7 'sockets' at graph 0, graph 1 right offset -0.9, -0.3 font small textcolor rgb dim
do for [i=1:int(hosts)] {
	set label 10+i name[i] at graph 0.015, graph 1.02 - 0.065 * i textcolor rgb value('c'.i) front
}
plot for [i=1:int(hosts)] data index i-1 with steps linecolor rgb value('c'.i) \
	linewidth thick dashtype int(dashes[i])
