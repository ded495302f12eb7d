# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# The graphs of a performance run: SVG by gnuplot, from the tables beside them.

have gnuplot || {
	echo 'no gnuplot: no graphs' >&2
	return 0
}
tab=$(printf '\t')
awk -F '\t' '$1 == "rate" { print $2 }' "$out/samples.tsv" | sort -u | while read -r what; do
	printf '%s\t%s\n' "$what" "$(summary rate "$what" | tr ' ' '\t')"
done >"$out/rate.tsv"
gnuplot - <<EOF 2>>"$out/stderr" || echo 'gnuplot failed: see stderr' >&2
set terminal svg size 900,520 background rgb 'white' font 'sans,12'
set datafile separator "$tab"
set grid ytics lc rgb '#dddddd'
set style data linespoints
$([ -s "$out/rate.tsv" ] && cat <<G
set output '$out/rate.svg'
set title 'Connections per second: median and range (more is better)'
set style fill solid 0.7
set boxwidth 0.6
set yrange [0:*]
set xtics rotate by -35
set rmargin 14
plot '$out/rate.tsv' using 0:2:xtic(1) with boxes lc rgb '#3366aa' notitle, \
     '' using 0:2:3:4 with yerrorbars lc rgb '#222222' pt 0 notitle
G
)
set autoscale y
set xtics norotate autofreq
set logscale x
set key top left
$([ -s "$out/growth.tsv" ] && cat <<G
set output '$out/growth.svg'
set title 'Cost as the run grows (lower is better)'
set xlabel 'connections'
set ylabel 'per connection us, per packet ns, per sample us'
set logscale y
plot '$out/growth.tsv' using 1:2 title 'connection, both ends, us', '' using 1:3 title 'packet in the sniffer, ns', \
     '' using 1:8 title 'sample, us', '' using 1:4 title 'sample without its dump, us', \
     '' using 1:5 title 'connect() p50, us'
G
)
$([ -s "$out/sampling.tsv" ] && cat <<G
set output '$out/sampling.svg'
set title 'CPU time of one look at the sockets (lower is better)'
set xlabel 'TIME_WAITs'
set ylabel 'us'
set logscale y
plot for [how in "sockstat dump ss netstat"] '< grep "${tab}'.how.'${tab}" $out/sampling.tsv' using 1:3 title how
G
)
$([ -s "$out/ports.tsv" ] && cat <<G
set output '$out/ports.svg'
set title 'connect() by port policy, 28,232 ports: the slowest hundredth (lower is better)'
set xlabel 'connections made, none released'
set ylabel 'p99 us'
unset logscale x
set logscale y
plot for [policy in "kernel range explicit"] '< grep "^'.policy.'${tab}" $out/ports.tsv' using 2:(\$4/1000) title policy
G
)
EOF
