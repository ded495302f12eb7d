# A bar per class of teardown, its count beside it.
set margins at screen 190. / width, screen 1 - 190. / width, \
	screen foot / height, screen 1 - (head + 14.) / height
set xrange [0:x_end]
set yrange [bars + 0.5:0.5]
unset ytics
unset grid
set grid xtics
set xtics nomirror
set format x '%.0f %%'
do for [i=1:int(bars)] {
	set label 100+i name[i] at graph 0, first i right offset -1, 0 textcolor rgb ink
	set label 200+i beside[i] at graph 1, first i offset 1, 0 textcolor rgb dim
}
plot data using (0):1:(0):2:($1-0.33):($1+0.33) with boxxyerror linecolor rgb c2 \
	fillstyle solid 1.0 border linecolor rgb paper
