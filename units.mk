# Files that the compiler reads together.  A process of it takes longer to begin than most files take to
# compile; so each row is one object.  Private names in a row differ; a file whose names clash with the
# others' moves to another row, or to none: what is in no row is compiled by itself.
# The rows `hot` are what runs for each packet, connection or sample; the others need no -O2.

$(call unit,hot,base,1,err hist json jsoncolumn jsonscan jsonw mono num pages record_codec roomy series sha256 tuple \
	utf8 wake wholefile)
$(call unit,cold,base,1,assets cmd failon outcome record record_doc record_fields record_read record_schema \
	record_write side signals tcpstate teardown)

$(call unit,hot,capture,1,feed filebuf flow flow_live flow_rest flow_store pcapread segment segment_link sniffer_file)
$(call unit,hot,capture,2,census counters diag flow_syn pcapfile)
$(call unit,hot,capture,3,holes sampler sniffer_source sniffer_tap)

$(call unit,hot,bench,1,affinity arrival cell cell_flows cell_witness client_conn client_end client_free closer \
	conn http_client ledger null_witness ports protocol)
$(call unit,hot,bench,2,client server_conn strategy wire_cross)
$(call unit,hot,bench,3,straight straight_conn wire)
$(call unit,hot,bench,4,cmd_serve server straight_ring uring worker)
$(call unit,hot,bench,5,cmd_analyze cmd_analyze_read)
$(call unit,cold,bench,1,batch cell_counters cmd_check cmd_check_confirm cmd_check_judge cmd_compare_confirm \
	cmd_list cmd_resume command_table fdlimit isolate lab_ns plan_print plan_probe progress \
	scenario_words)
$(call unit,cold,bench,2,cmd_check_tuning cmd_doctor cmd_measure cmd_run parallel plan results run_options \
	scenario scenario_kinds scenario_write)
$(call unit,cold,bench,3,cmd_compare completion hostinfo netlink results_files scenario_check scenario_keys \
	scenario_lists sysctl target)
$(call unit,cold,bench,4,cmd_load scenario_matrix scenario_schema scenario_sysctl variants)
$(call unit,cold,bench,5,lab lab_link scenario_name)

$(call unit,hot,analysis,1,classify conn_fields curve stats tw_hosts)
$(call unit,hot,analysis,2,derive plot_time tally)
$(call unit,cold,analysis,1,ci ci_bench ci_github ci_prom ci_sarif cmd_lint compare_records compare_say conn_schema \
	digest formats gnuplot html labels lint_match_form say_table)
$(call unit,cold,analysis,2,ci_junit ci_ktap cmd_plot expect ladder ladder_svg lint_fix lint_match_ports \
	lint_match_values lint_sarif lint_text lint_value outputs plot_compare plot_dist say say_expect)
$(call unit,cold,analysis,3,cmd_report compare lint_match_keys lint_rules plot plot_bars plot_files plot_sheet \
	reconcile_needs report_text say_verdicts tally_text)
$(call unit,cold,analysis,4,expect_eval lint plot_sweep reconcile_table report_chart report_html report_html_tables \
	sarif say_answer)
$(call unit,cold,analysis,5,reconcile report_md say_seed sysctl_keys sysctl_probe sysctlconf sysctlset tally_plot \
	theme)
