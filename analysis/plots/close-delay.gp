# How long closes took: the share that took at most so long.
set margins at screen margin_left / width, screen 1 - margin_right / width, \
	screen foot / height, screen 1 - (head + 14.) / height
set logscale x 10
set xrange [x_low:x_high]
set yrange [0:100]
set ytics 25 nomirror
set format y '%.0f %%'
set xtics ('1 ns' 1, '10 ns' 10, '100 ns' 100, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, '1 ms' 1e6, \
	'10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9, '10 s' 1e10, '100 s' 1e11) nomirror
set grid xtics ytics
set label 1 'last payload to first FIN or RST' at graph 0.985, graph 0.13 right textcolor rgb c1 front
set label 2 'first FIN to the end of the close (dashed)' at graph 0.985, graph 0.06 right textcolor rgb c2 front
plot data index 0 using (10**$1):2 with steps linecolor rgb c1 linewidth thick, \
	data index 1 using (10**$1):2 with steps linecolor rgb c2 linewidth thick dashtype (6,3)
