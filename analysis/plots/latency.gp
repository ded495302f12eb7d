# x = -log10(1 - p): every nine takes the same room.
set xrange [0:x_end]
set logscale y 10
set yrange [y_low:y_high]
set xtics ('0%%' 0, '50%%' 0.30103, '90%%' 1, '99%%' 2, '99.9%%' 3, '99.99%%' 4, '99.999%%' 5) nomirror
set ytics nomirror
set ytics ('1 ms' 1e3, '2 ms' 2e3, '5 ms' 5e3, '10 ms' 1e4, '20 ms' 2e4, '50 ms' 5e4, \
	'100 ms' 1e5, '200 ms' 2e5, '500 ms' 5e5, '1 s' 1e6, '2 s' 2e6, '5 s' 5e6, '10 s' 1e7, \
	'20 s' 2e7, '50 s' 5e7, '100 s' 1e8)
set ytics add ('1 µs' 1, '2 µs' 2, '5 µs' 5, '10 µs' 10, '20 µs' 20, '50 µs' 50, \
	'100 µs' 100, '200 µs' 200, '500 µs' 500)
set grid xtics ytics
paint(i) = value('c'.int((i - 1) % 7 + 1))
array dashes[7] = ['1', '(9,3)', '(3,2)', '(9,3,2,3)', '(5,2)', '(12,3,3,3,3,3)', '(2,3)']

if (overlay) {
	name_width = 0
	do for [i=1:int(cases)] {
		name_width = text_width(name[i]) > name_width ? text_width(name[i]) : name_width
	}
	right = width - margin_right - name_width - 44
	set margins at screen margin_left / width, screen right / width, \
		screen screen_bottom(1, 0), screen 1 - (head + 12.) / height
	command = 'plot '
	do for [i=1:int(cases)] {
		command = command.sprintf("data index %d with lines lc rgb paint(%d) lw 0.9 dt %s,", \
			2*i-1, i, dashes[(i-1)%7+1])
	}
	do for [i=1:int(cases)] {
		command = command.sprintf("data index %d with lines lc rgb paint(%d) lw thick*1.1 dt %s,", \
			2*i-2, i, dashes[(i-1)%7+1])
		if (label_at[i] >= 0) {
			eval sprintf("set arrow %d from graph 1.008, graph label_at[%d] ", 10+i, i) \
				.sprintf("to graph 1.04, graph label_at[%d] nohead lc rgb paint(%d) ", i, i) \
				.sprintf("lw thick*1.1 dt %s", dashes[(i-1)%7+1])
			set label 10+i name[i] at graph 1.05, graph label_at[i] textcolor rgb paint(i)
		}
	}
	eval command[1:strlen(command)-1]
} else {
	do for [i=1:int(cases)] {
		set margins at screen screen_left(i), screen screen_right(i), \
			screen screen_bottom(i, 0), screen screen_top(i, 0)
		if (lowest(i)) {
			set xtics ('0' 0, '90%%' 1, '99%%' 2, '99.9%%' 3, '99.99%%' 4) nomirror
		} else {
			set xtics ('' 0, '' 1, '' 2, '' 3, '' 4) nomirror
		}
		if (col_of(i) == 0) {
			set ytics ('1 µs' 1, '10 µs' 10, '100 µs' 100, '1 ms' 1e3, '10 ms' 1e4, \
				'100 ms' 1e5, '1 s' 1e6, '10 s' 1e7, '100 s' 1e8)
		} else {
			set ytics ('' 1, '' 10, '' 100, '' 1e3, '' 1e4, '' 1e5, '' 1e6, '' 1e7, '' 1e8)
		}
		set label 1 name[i] at graph 0, graph 1 offset 0, 0.9 font bold textcolor rgb ink
		plot for [j=1:int(cases)] data index 2*(j-1) with lines lc rgb ghost lw 0.8, \
			data index 2*(i-1)+1 with lines lc rgb c2 lw thin dashtype (6,3), \
			data index 2*(i-1) with lines lc rgb c1 lw thick
	}
}
