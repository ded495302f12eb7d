# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# The graphs of a performance run: SVG by gnuplot, from the tables beside them.

have gnuplot || {
	echo 'no gnuplot: no graphs' >&2
	return 0
}
tab=$(printf '\t')

# Colours as in the program's own graphs (analysis/theme.c): what is ours, and in grey what it is held against.
preamble() { # preamble FILE: the beginning of every graph
	cat <<-EOF
		set terminal svg size 960,540 background rgb 'white' font 'sans,13' noenhanced
		set output '$1'
		set datafile separator "$tab"
		set border 3 lc rgb '#5b626b'
		set tics nomirror out textcolor rgb '#1b1f24'
		set grid lc rgb '#e4e6e9' lt 1
		set tmargin 4; set bmargin 5.5
		set title offset 0,0.6
		set key noautotitle; unset key
		ring = '#d55e00'; event = '#0072b2'; straight = '#009e73'; other = '#b45a8c'; grey = '#8a9099'
		set label 99 "$footer" at screen 0.99,0.025 right font 'sans,10' textcolor rgb '#5b626b'
	EOF
}
footer="make perf · Linux $(uname -r) · $cpus CPUs"

# graph NAME FILE: the gnuplot program on standard input makes NAME.svg if FILE, its table, has rows.  Whole or not at all.
graph() {
	[ -s "$2" ] || return 0
	{ preamble "$out/$1.part" && cat; } | gnuplot - 2>>"$out/stderr" && [ -s "$out/$1.part" ] &&
		mv "$out/$1.part" "$out/$1.svg" || echo "gnuplot failed: see stderr ($1)" >&2
	rm -f "$out/$1.part"
}

# table_of SECTION: "what median low high kept all" of all that a section has measured.
table_of() {
	awk -F '\t' -v s="$1" '$1 == s { print $2 }' "$out/samples.tsv" | sort -u | while read -r what; do
		printf '%s\t%s\n' "$what" "$(summary "$1" "$what" | tr ' ' '\t')"
	done
}

# --- rate: bars, the slowest below ---------------------------------------------------------------

table_of rate >"$out/rate.tsv"
sort -t "$tab" -k 2,2n "$out/rate.tsv" | awk -F "$tab" -v OFS="$tab" '
	BEGIN { colour["event"] = "0x0072b2"; colour["straight"] = "0x009e73"; colour["ring"] = "0xd55e00" }
	{ split($1, w, " "); print NR, $1, $2, $3, $4, (w[1] in colour ? colour[w[1]] : "0x8a9099") }' >"$out/rate.sorted"
graph rate "$out/rate.sorted" <<EOF
set title 'Connections per second over the same segments, no witnesses: median and range (more is better)'
set xrange [0:*]; set yrange [0.3:*]; set format x '%.0s%c'; set xlabel 'connections per second'
set lmargin 24
unset grid; set grid xtics lc rgb '#e4e6e9' lt 1
plot '$out/rate.sorted' using (\$3/2):1:(\$3/2):(0.36):6 with boxxyerror fs solid 0.85 noborder lc rgb variable, \
     '' using 3:1:4:5:ytic(2) with xerrorbars pt 0 lc rgb '#1b1f24', \
     '' using 5:1:(sprintf('  %.1fk', \$3/1000)) with labels left font 'sans,11'
EOF
rm -f "$out/rate.sorted"

# --- tax, pacing: points with their range, and the goal ---------------------------------------------

table_of ratio >"$out/tax.tsv"
graph tax "$out/tax.tsv" <<EOF
set title 'Rate with all witnesses to rate without, by pairs of neighbours in time: median and range (more is better)'
set ylabel 'with / without'
stats '$out/tax.tsv' using 2 nooutput
set yrange [0:1.05]; set xrange [-0.6:STATS_records-0.4]
set arrow 1 from graph 0,first 0.92 to graph 1,first 0.92 nohead lc rgb grey dt 2
set label 1 'goal 0.92' at graph 0.005,first 0.945 textcolor rgb grey font 'sans,11'
plot '$out/tax.tsv' using 0:2:3:4:xtic(1) with yerrorbars pt 7 ps 0.8 lw 2 lc rgb ring, \
     '' using 0:2:(sprintf('   %.2f', \$2)) with labels left font 'sans,11'
EOF

{ table_of null | sed 's/^/null run /' && table_of pacing; } | awk -F "$tab" -v OFS="$tab" '
	{ n = split($1, w, " "); rate = w[n]; sub(" " rate "$", "", $1); print $1, rate, $2 / 1000, $3 / 1000, $4 / 1000 }' >"$out/pacing.tsv"
graph pacing "$out/pacing.tsv" <<EOF
set title 'How late starts are in an open loop, 99th percentile of a round: median and range (lower is better)'
set ylabel 'us late'
set xlabel 'connections per second asked for'
set logscale y; set xrange [0.5:3.5]
set xtics ('1,000' 1, '10,000' 2, '20,000' 3)
at(rate) = rate > 15000 ? 3 : rate > 5000 ? 2 : 1
set arrow 1 from graph 0,first 100 to graph 1,first 100 nohead lc rgb grey dt 2
set label 1 'goal 100 us' at 1.5,125 center textcolor rgb grey font 'sans,11'
set key top left Left reverse
array colour[5] = [grey, event, other, straight, ring]
way(i) = word("null_run event_sleep event_spin straight_spin ring_spin", i)
plain(s) = s[1:strstrt(s, '_')-1] . ' ' . s[strstrt(s, '_')+1:*]
plot for [i=1:5] sprintf("< awk -F '${tab}' '\$1 == \"%s\"' $out/pacing.tsv", plain(way(i))) \
     using (at(\$2)+(i-3)*0.1):3:4:5 with yerrorbars pt 4+i ps 0.8 lw 1.5 lc rgb colour[i] title plain(way(i))
EOF

# --- growth, sampling, ports: curves, each with its name at its end -----------------------------------

graph growth "$out/growth.tsv" <<EOF
set title 'What each costs as the run grows, 1 being what it costs with 10,000 connections (flat is good)'
set xlabel 'connections'; set ylabel 'cost, relative'
set logscale x; set format x '%.0s%c'; set yrange [0:*]; set xrange [10000:1000000]
set rmargin 41
set object 1 rectangle from graph 0,first 0.85 to graph 1,first 1.15 fc rgb '#eff1f3' fs solid noborder behind
stats '$out/growth.tsv' using 1 nooutput
last = STATS_records - 1
array name[5] = ['connection, both ends', 'packet in the sniffer', "sample and the kernel's walk", 'sample without that walk', 'connect(), median']
array unit[5] = ['us', 'ns', 'us', 'us', 'us']
array column_of[5] = [2, 3, 8, 4, 5]
array colour[5] = [event, straight, grey, other, ring]
array shift[5] = [-0.3, 0, 0.2, -0.2, 0.3]
array first_value[5]
do for [i=1:5] { stats '$out/growth.tsv' using column_of[i] every ::0::0 nooutput; first_value[i] = STATS_max }
plot for [i=1:5] '$out/growth.tsv' using 1:(column(column_of[i])/first_value[i]) with linespoints lw 2 dt i pt 4+i ps 0.7 lc rgb colour[i], \
     for [i=1:5] '' using 1:(column(column_of[i])/first_value[i]):(sprintf('  %s, %.3g %s', name[i], column(column_of[i]), unit[i])) \
     every ::last::last with labels left offset 0,shift[i] font 'sans,11' tc rgb colour[i]
EOF

graph sampling "$out/sampling.tsv" <<EOF
set title 'CPU time of one look at the sockets (lower is better)'
set xlabel 'TIME_WAITs there are'; set ylabel 'CPU time'
set logscale xy; set format x '%.0s%c'; set format y '%.0s %cs'
set rmargin 26; set xrange [1000:1000000]
array how[4] = ['sockstat', 'dump', 'ss', 'netstat']
array name[4] = ['ours, TIME_WAIT alone', 'ours, by state', 'ss -tan', 'netstat -ant']
array colour[4] = [ring, event, grey, other]
array shift[4] = [0, 0, -0.4, 0.4]
rows(i) = sprintf("< awk -F '${tab}' '\$2 == \"%s\"' $out/sampling.tsv", how[i])
plot for [i=1:4] rows(i) using 1:(\$3/1e6) with linespoints lw 2 dt i pt 4+i ps 0.7 lc rgb colour[i], \
     for [i=1:4] rows(i) using 1:(\$3/1e6):(\$1 == 1000000 ? '  '.name[i] : '') with labels left offset 0,shift[i] font 'sans,11' tc rgb colour[i]
EOF

graph ports "$out/ports.tsv" <<EOF
set title 'connect() by who chooses the port, 28,232 ports, none released: 99th percentile (lower is better)'
set xlabel 'connections made'; set ylabel 'time of connect()'
set logscale y; set format y '%.0s %cs'; set format x '%.0s%c'
set rmargin 27; set xrange [6000:*]
set arrow 1 from 14116,graph 0 to 14116,graph 1 nohead lc rgb grey dt 2
set label 1 ' half of the ports' at 14116,graph 0.96 textcolor rgb grey font 'sans,11'
array policy[3] = ['kernel', 'range', 'explicit']
array name[3] = ["the kernel's choice", 'IP_LOCAL_PORT_RANGE', 'explicit bind()']
array colour[3] = [ring, event, straight]
rows(i) = sprintf("< awk -F '${tab}' '\$1 == \"%s\"' $out/ports.tsv", policy[i])
stats '$out/ports.tsv' using 2 nooutput
most = STATS_max
plot for [i=1:3] rows(i) using 2:(\$4/1e9) with linespoints lw 2 dt i pt 4+i ps 0.7 lc rgb colour[i], \
     for [i=1:3] rows(i) using 2:(\$4/1e9):(\$2 == most ? '  '.name[i] : '') with labels left offset 0,(i-2)*-0.3 font 'sans,11' tc rgb colour[i]
EOF
