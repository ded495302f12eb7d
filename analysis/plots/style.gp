# Terminal, fonts and colours, the same for every graph.  Needs gnuplot 5.4 or later.
# Variables before this line hold what is particular to the run; lengths are in pixels.
if (!exists('format')) format = 'svg'
if (!exists('output')) output = graph.'.'.format
set encoding utf8
data = graph.'.dat'
head = 62. + 19. * subtitles          # title and subtitle

# The provenance takes a second line where the page is narrow.
narrow = 6.9 * (strlen(about_host) + strlen(about_run)) + 110 > width
foot = narrow ? 98. : 80.                          # axis label and provenance
margin_left = 66.
margin_right = 28.
small = ',11'
bold = 'sans-serif Bold,13'

# A text's width, about: names are short, and DejaVu is wide.
text_width(t) = 7.9 * strlen(t)

if (theme eq 'print') {
	thick = 2.6; thin = 1.1
} else {
	thick = 2.2; thin = 0.9
}
