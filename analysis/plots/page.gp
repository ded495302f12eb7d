# The page: terminal, paper, title, subtitle, provenance.  Panels follow within the same multiplot.
if (format eq 'png') {
	# Twice the pixels: sharp on any screen.
	set terminal pngcairo noenhanced size 2*width, 2*height fontscale 1.5 linewidth 2 \
		dashlength 2 font 'sans-serif,13' background rgb paper
} else {
	set terminal svg noenhanced standalone dynamic size width, height font 'sans-serif,13' \
		background rgb paper
}
set output output
set multiplot

unset key
unset border
unset tics
set margins at screen 0, screen 1, screen 0, screen 1
set label 1 title at screen margin_left / width, screen 1 - 26. / height \
	font 'sans-serif Bold,17' textcolor rgb ink
do for [n=1:int(subtitles)] {
	set label 1+n subtitle[n] at screen margin_left / width, \
		screen 1 - (34. + 19 * n) / height textcolor rgb dim
}
if (narrow) {
	set label 8 about_host at screen margin_left / width, screen 34. / height \
		font small textcolor rgb dim
	set label 9 about_run at screen margin_left / width, screen 16. / height \
		font small textcolor rgb dim
} else {
	set label 9 about_host.' · '.about_run at screen margin_left / width, screen 16. / height \
		font small textcolor rgb dim
}
plot [0:1] [0:1] 2 notitle
unset label

set border 3 linecolor rgb dim linewidth 0.8
set tics nomirror scale 0.6 textcolor rgb dim
set grid ytics linecolor rgb grid linetype 1 linewidth 0.7
set style fill solid 1.0 noborder
