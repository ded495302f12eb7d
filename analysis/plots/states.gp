set xrange [0:x_end]
set yrange [0:y_top]
set xtics x_step nomirror
set ytics y_step nomirror
# The key, in one line under the subtitle, bottom of the stack first.
set margins at screen 0, screen 1, screen 0, screen 1
x = margin_left
unset border
unset tics
do for [k=1:int(states)] {
	n = int(states) + 1 - k
	set object 10+k rectangle from screen x/width, screen 1-(head+20.)/height \
		to screen (x+11.)/width, screen 1-(head+9.)/height front \
		fillcolor rgb value('c'.int(state_colour[n])) fillstyle solid 1 noborder
	set label 10+k state[n] at screen (x+16.)/width, screen 1-(head+14.)/height \
		font small textcolor rgb ink
	x = x + 34 + 7.4 * strlen(state[n])
}
plot [0:1] [0:1] 2 notitle
unset object
unset label
set border 3
set tics nomirror
set xtics x_step nomirror
set ytics y_step nomirror
set xrange [0:x_end]
set yrange [0:y_top]

do for [i=1:int(cases)] {
	do for [sub=0:1] {
		set margins at screen screen_left(i), screen screen_right(i), \
			screen screen_bottom(i, sub), screen screen_top(i, sub)
		set format x (sub == 1 && lowest(i) ? '%g' : '')
		set format y (col_of(i) == 0 ? '%.0f' : '')
		set label 7 (col_of(i) == 0 && sub == 0 ? 'sockets' : '') at graph 0, graph 1 right offset -0.9, 0.45 \
			font small textcolor rgb dim
		set object 1 rectangle from 0, 0 to load[i], graph 1 behind \
		fillcolor rgb shade fillstyle solid 1 noborder
		if (sub == 0) {
			set label 1 name[i] at graph 0, graph 1 offset 0, 0.9 font bold textcolor rgb ink
		} else {
			unset label 1
		}
		set label 2 (sub == 0 ? 'client' : 'server') at graph 1, graph 1 right \
			offset -0.5, -0.8 font small textcolor rgb dim
		first = (2*(i-1) + sub) * int(states)
		plot for [n=1:int(states)] data index first+n-1 with filledcurves y1=0 \
			linecolor rgb value('c'.int(state_colour[n])) fillstyle solid 1 noborder
	}
}
