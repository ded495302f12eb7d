# The axis label, once for all panels.  It is a plot, too: nothing of the last panel may be drawn again.
unset object
unset label
unset arrow
unset grid
unset logscale
unset border
unset tics
set margins at screen 0, screen 1, screen 0, screen 1
set label 1 x_label at screen (margin_left + width - margin_right) / 2. / width, \
	screen (foot - 38.) / height center textcolor rgb ink
plot [0:1] [0:1] 2 notitle
unset multiplot
unset output
