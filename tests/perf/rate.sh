# shellcheck shell=sh
# shellcheck disable=SC2034,SC2086,SC2154,SC2183,SC3045 # taken in by tests/perf.sh, which sets and uses these
# Goal 1: connections per second against the peers, over the same segments.

echo 'connections per second'
witnesses_off='--capture off --set witnesses.sampler=false'

peers=''
have wrk && [ -x /usr/sbin/nginx ] && peers="$peers wrk"
have ab && [ -x /usr/sbin/nginx ] && peers="$peers ab"
have h2load && [ -x /usr/sbin/nginx ] && peers="$peers h2load"
{ have tcp_crr || have neper; } && peers="$peers neper-fin neper-rst"
have netperf && peers="$peers netperf"

ours_rate() { # ours_rate WHAT ARGUMENTS...
	what=$1
	shift
	# shellcheck disable=SC2086 # lists of words
	tw_run "$what" $witnesses_off --duration "${seconds}s" "$@" || return
	sample rate "$what" "$(field ledger.achieved_rate_per_s)" "$(segments)"
	user_sample "$what"
}

# What the kernel itself charges to user space of the measure before, %; a peer's tells what that is worth here.
user_sample() {
	sample user "$1" "$(awk -v user="$user_s" -v own="$own_s" 'BEGIN { print (own > 0 ? 100 * user / own : "-") }')"
}

one_round() {
	for peer in $peers; do
		# shellcheck disable=SC2086 # words
		measure "$peer" $own_net "$top/tests/perf/peer.sh" "$peer" "$seconds"
		rate=$(sed -n 's/^rate=//p' "$out/stdout")
		[ -n "$rate" ] && sample rate "$peer" "$rate" "$(sed -n 's/.*segments=//p' "$out/stdout")" && user_sample "$peer"
	done
	for strategy in client-fin server-fin client-rst; do
		ours_rate "event lo $strategy" --topology lo --strategy "$strategy"
		for engine in $colocated; do
			ours_rate "$engine lo $strategy" --topology lo --strategy "$strategy" \
				--set load.engine="$engine" --set addressing.destinations="$cpus"
			ours_rate "$engine veth $strategy" --strategy "$strategy" --set addressing.sources=8 \
				--set load.engine="$engine" --set addressing.destinations="$cpus"
		done
	done
}

round=0
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	echo "  round $round of $rounds"
	one_round
done

# best "PEER...": the name and median of the best one.
best() {
	for peer in $1; do
		case " $peers " in *" $peer "*) echo "$(median rate "$peer") $peer" ;; esac
	done | sort -rn | head -n 1
}
note_of() { # medians with their range, and how many rounds were undisturbed
	summary rate "$1" | awk '{ printf "%d..%d, %d of %d rounds undisturbed", $2, $3, $4, $5 }'
}

for strategy in client-fin server-fin client-rst; do
	# An abort is 8 segments, an orderly close 10: each is compared with its own kind.
	[ "$strategy" = client-rst ] && kind='neper-rst' || kind='wrk ab h2load neper-fin netperf'
	against=$(best "$kind")
	if [ -z "$against" ] && [ "$strategy" = client-rst ]; then
		against=$(best 'wrk ab h2load') # they send more segments
	fi
	theirs=${against% *} peer=${against#* }
	[ "$theirs" = - ] && peer=absent
	judge_rate() { # judge_rate WAY TARGET
		row 1 "connections/s, $1 $strategy" "$(median rate "$1 $strategy")" /s "${theirs:-absent}" \
			"${peer:-absent}" min "$2" "$(note_of "$1 $strategy")"
	}
	judge_rate 'event lo' 1.15
	for engine in $colocated; do
		judge_rate "$engine lo" 1.35
		judge_rate "$engine veth" 1.35
	done
done

for peer in wrk ab h2load neper netperf; do
	case " $peers" in
	*" $peer"*) ;;
	*) row 1 "connections/s against $peer" - /s absent "$peer" min 1 'not installed, or nginx is not' ;;
	esac
done

# at_return SHARE: of an annotated libc that has this share of the CPU, the part that stands right behind a syscall.
at_return() {
	awk -v share="$1" '
	/samples, percent/ { match($0, /\([0-9]+ samples/); n = substr($0, RSTART + 1, RLENGTH - 9); all += n }
	/^ *[0-9.]+ +: +[0-9a-f]+:/ { if (behind) sum += $1 * n / 100; behind = /[ \t]syscall/ }
	END { if (all > 0) printf "%.2f", share * sum / all; else print "-" }'
}

# share_of COLUMN WORD: the part of what the load took, of $out/profile-$engine.txt, whose column has this word.
share_of() {
	awk -v column="$1" -v word="$2" '{ sub("%", "", $1); all += $1; if ($column == word) own += $1 }
		END { if (all > 0) printf "%.2f", 100 * own / all; else print "-" }' "$out/profile-$engine.txt"
}

user_of() { summary user "$1" | awk '{ printf "%.1f %%", $1 }'; }

users_of_peers() {
	for peer in $peers; do printf ', %s %s' "$peer" "$(user_of "$peer")"; done
}

# The user's part of the CPU while the load runs, by perf; the rest by kernel function.
if have perf; then
	for engine in event $colocated; do
		extra=''
		[ "$engine" = event ] || extra="--set load.engine=$engine --set addressing.destinations=$cpus"
		# shellcheck disable=SC2086 # lists of words
		profiled 1 -g "user share $engine" --set addressing.sources=8 $witnesses_off --duration 5s --strategy client-fin $extra
		perf_samples --sort dso,sym | grep '%' >"$out/profile-$engine.txt"
		share=$(share_of 3 '[.]')
		own=$(share_of 2 perf-engine)
		behind=$(perf annotate -i "$out/perf.data" --stdio -d libc.so.6 2>/dev/null | at_return "$(share_of 2 libc.so.6)")
		rm -f "$out/perf.data"
		row 1 "user space share of CPU, $engine engine" "$share" '%' - - max 2 \
			"twbench's own code $own %; at the instruction after libc's syscall, where entering and leaving the kernel is charged, $behind %; profile-$engine.txt names the rest; by getrusage(2) $(user_of "$engine lo client-fin")$(users_of_peers)"
	done
else
	row 1 'user space share of CPU' absent '%' - - max 2 'perf is not installed'
fi
