/*
 * Work whose calls into the system fail, each in turn, once and from there on: either the work says
 * so in one line, or it did without and its result is what it is otherwise.  Nothing leaks: memory,
 * descriptors, files.  Then it works again.
 *
 * A new piece of work is a row of `works`.
 */
#include "tests/fault.h"

#include <fnmatch.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "analysis/classify.h"
#include "analysis/compare.h"
#include "analysis/expect.h"
#include "analysis/lint.h"
#include "analysis/outputs.h"
#include "analysis/reconcile.h"
#include "analysis/sysctlset.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mono.h"
#include "base/record.h"
#include "bench/lab.h"
#include "bench/plan.h"
#include "bench/results.h"
#include "bench/scenario.h"
#include "bench/uring.h"
#include "capture/counters.h"
#include "capture/diag.h"
#include "capture/flow.h"
#include "capture/sampler.h"
#include "capture/sniffer.h"
#include "tests/netns.h"
#include "tests/sample_record.h"
#include "tests/test.h"

#define FD_MAX 64

static char dir[] = "/tmp/twbench-fault.XXXXXX";
static char record_path[64]; /* a whole record */
static struct record sample; /* the same in memory */

/* FNV-1a over what a piece of work came to. */
static void sum(uint64_t *to, const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < size; i++)
		*to = (*to ^ b[i]) * UINT64_C(0x100000001b3);
}

static void sum_text(uint64_t *to, const char *text)
{
	sum(to, text, strlen(text));
}

/* --- files ---------------------------------------------------------------------------------- */

/* Remove what is below `path`; how much there was but for names like `but`. */
static int empty_directory(const char *path, const char *but)
{
	struct dirent *e;
	DIR *d = opendir(path);
	int n = 0;

	while (d && (e = readdir(d)) != NULL) {
		char below[512];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n += !but || fnmatch(but, e->d_name, FNM_EXTMATCH) != 0;
		(void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		if (unlink(below) == 0)
			continue;
		(void)empty_directory(below, NULL);
		(void)rmdir(below);
	}
	if (d)
		(void)closedir(d);
	return n;
}

static void sum_file(uint64_t *to, const char *name)
{
	char path[512], bytes[4096];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/out/%s", dir, name);
	fd = __real_open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = __real_read(fd, bytes, sizeof(bytes))) > 0)
		sum(to, bytes, (size_t)n);
	if (fd >= 0)
		(void)close(fd);
}

static const char *out_dir(void)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "%s/out", dir);
	return path;
}

/* --- base ----------------------------------------------------------------------------------- */

static int do_json(uint64_t *to, struct err *err)
{
	json *root = json_parse_file("fixtures/scenarios/seed.json", 1 << 20, err);

	if (!root)
		return -EINVAL;
	sum_text(to, json_string(json_get(root, "name")));
	json_free(root);
	return 0;
}

static int do_record_load(uint64_t *to, struct err *err)
{
	json *root = json_parse_file(record_path, 1 << 20,
				     err); /* record_load() has room for much more */
	struct record r;
	int code = root ? record_parse(&r, root, err) : -EINVAL;

	json_free(root);
	if (code < 0)
		return code;
	sum_text(to, r.run_id ? r.run_id : "");
	sum_text(to, r.cases[0].name);
	sum(to, &r.case_count, sizeof(r.case_count));
	sum(to, &r.cases[0].repeat[0].ledger.attempted, sizeof(int64_t));
	sum(to, &r.cases[0].repeat[0].series.count, sizeof(size_t));
	record_release(&r);
	return 0;
}

static int do_record_save(uint64_t *to, struct err *err)
{
	int fd = __real_open(out_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int code = record_save(&sample, fd, "run.json", err);

	(void)close(fd);
	if (code == 0 ||
	    strstr(err->text, "sync the directory")) { /* then it stands all the same */
		sum_file(to, "run.json");
		(void)empty_directory(out_dir(), NULL);
	}
	return code;
}

/* --- bench ---------------------------------------------------------------------------------- */

static int do_scenario(uint64_t *to, struct err *err)
{
	static const struct override over[] = { { "load.rate", "10/s,20/s" },
						{ "close.strategy", "client-fin,server-fin" } };
	struct plan_host host = { 0 };
	struct scenario s;
	struct plan p;
	int code = scenario_load("smoke", over, 1, &s, err);

	if (code < 0)
		return code;
	sum(to, &s.case_count, sizeof(s.case_count));
	plan_probe(&host);
	code = plan_make(&s, &host, &p, err);
	if (code == 0)
		plan_release(&p);
	scenario_release(&s);
	return code;
}

static int do_results(uint64_t *to, struct err *err)
{
	struct results r;
	char path[256];
	int code = results_open(&r, out_dir(), "smoke", err);
	int fd = code == 0 ? results_capture_fd(&r, 0, 1) : -1;

	if (code == 0 && (fd < 0 || __real_write(fd, "capture", 7) != 7))
		code = err_set(err, -EIO, "no capture file: that is counted");
	if (code == 0)
		code = results_commit(&r, &sample, err);
	if (code == 0) {
		(void)snprintf(path, sizeof(path), "%s/run.json", r.id);
		sum_file(to, path);
		(void)snprintf(path, sizeof(path), "%s/cases/client-fin/r1/samples.csv", r.id);
		sum_file(to, path);
	}
	results_release(&r);
	return code;
}

/* In a process of its own: namespaces cannot be left. */
static int do_lab(uint64_t *to, struct err *err)
{
	static const struct lab_sysctl set = { "net.ipv4.tcp_fin_timeout", "7" };
	struct lab_options o = { .topology = TOPOLOGY_LO_ALIAS,
				 .family = 4,
				 .sources = 2,
				 .sysctl = &set,
				 .sysctl_count = 1 };
	struct lab lab;
	int code = lab_enter(&lab, &o, err);

	sum(to, &lab.sources, code == 0 ? sizeof(lab.sources) : 0);
	return code;
}

/* --- capture -------------------------------------------------------------------------------- */

static void add_flow(void *arg, const struct flow *f)
{
	sum(arg, &f->first_ns, sizeof(f->first_ns));
}

static int read_capture(const char *path, uint64_t *to, struct err *err)
{
	const struct sniffer_files in = { .path = &path,
					  .count = 1,
					  .filter = "tcp",
					  .flow = {
						  .max_flows = 16, .done = add_flow, .arg = to } };
	struct sniffer_report r;
	int code = sniffer_read_files(&in, &r, err);

	sum(to, &r.tcp_packets, code == 0 ? sizeof(r.tcp_packets) : 0);
	if (code == 0 && r.broken[0])
		return err_set(err, -EIO, "%s", r.broken);
	return code;
}

static int do_pcap(uint64_t *to, struct err *err)
{
	return read_capture("fixtures/pcap/abort.pcap", to, err);
}

static int do_pcapng(uint64_t *to, struct err *err)
{
	return read_capture("fixtures/pcap/format-pcapng.pcap", to, err);
}

static void see_socket(void *arg, const struct diag_socket *s)
{
	(void)s;
	++*(int *)arg;
}

static int do_diag(uint64_t *to, struct err *err)
{
	bool interrupted;
	int n = 0, fd = diag_open(err), code = fd;

	if (fd < 0)
		return code;
	code = diag_dump(fd, DIAG_ALL_STATES, see_socket, &n, &interrupted, err);
	(void)close(fd);
	sum(to, &n, code == 0 ? sizeof(n) : 0);
	return code;
}

static int do_counters(uint64_t *to, struct err *err)
{
	struct counter_files f;
	struct counter_set set;
	int code = counter_files_open(&f, err);

	if (code < 0)
		return code;
	code = counter_set_read(&f, &set, err);
	if (code == 0) {
		sum(to, &set.count, sizeof(set.count));
		counter_set_release(&set);
	}
	counter_files_close(&f);
	return code;
}

/* What the sampler could not read it has counted, with the errno of the first time. */
static int do_sampler(uint64_t *to, struct err *err)
{
	struct sampler_options o = { .period_ns = NS_PER_MS,
				     .capacity = 100,
				     .shared = true,
				     .server_port_low = 5000,
				     .server_port_high = 5000,
				     .cpu = -1 };
	struct sampler_report r = { 0 };
	struct sampler_now now = { 0 };
	struct series series;
	struct sampler *s;
	int code = counter_files_open(&o.files[0], err);

	if (code < 0)
		return code;
	o.origin_ns = mono_now_ns();
	o.diag_fd[0] = code = diag_open(err);
	if (code < 0)
		goto out;
	code = sampler_start(&o, &s, err);
	if (code == 0) {
		(void)sampler_wait_fresh(s, mono_now_ns() + 2 * NS_PER_MS, &now);
		sampler_stop(s, &series, &r);
		series_release(&series);
		if (r.taken + r.missed != r.expected)
			code = err_set(err, 1, "a sample is neither taken nor missed");
		else if (r.error)
			code = err_set(err, -r.error, "%lld samples were missed",
				       (long long)r.missed);
		else
			sum_text(to, "no fault");
	}
	(void)close(o.diag_fd[0]);
out:
	counter_files_close(&o.files[0]);
	return code < 0 ? code : 0;
}

/* A connection through io_uring: a run that fails leaves nothing behind in it. */
static int do_uring(uint64_t *to, struct err *err)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(NETNS_ADDR) };
	socklen_t size = sizeof(at);
	char got[6] = "", end;
	struct uring u;
	int code = uring_open(&u, 2, err), fd;

	if (code == -ENOTSUP || code == -EPERM) { /* the system's own, no fault of ours */
		sum_text(to, "no io_uring here");
		return 0;
	}
	if (code < 0)
		return code;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) != 0 || listen(fd, 1) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) != 0) {
		code = err_errno(err, "listen");
		goto out;
	}
	uring_socket(&u, AF_INET, 0);
	uring_connect(&u, 0, (struct sockaddr *)&at, size);
	uring_accept(&u, fd, 1);
	uring_send(&u, 0, "hello", 5);
	uring_receive(&u, 1, got, 5);
	uring_shut(&u, 0);
	uring_receive_end(&u, 1, &end);
	uring_shut(&u, 1);
	code = uring_run(&u, NS_PER_S);
	if (code < 0)
		code = err_set(err, code, "cannot run: %s", strerror(-code));
	else
		sum_text(to, got);
	for (unsigned i = 0; code < 0 && i < 8; i++)
		if (u.result[i] != -ECANCELED)
			code = err_set(err, 1, "request %u ran all the same", i);
out:
	if (fd >= 0)
		(void)close(fd);
	uring_close(&u);
	return code;
}

/* --- analysis ------------------------------------------------------------------------------- */

static int do_outputs(uint64_t *to, struct err *err)
{
	static const char *const name[] = { "summary.txt", "summary.md", "report.html" };
	int code = outputs_write(&sample, &(struct outputs_options){ .dir = out_dir() }, err);

	for (size_t i = 0; code == 0 && i < sizeof(name) / sizeof(name[0]); i++)
		sum_file(to, name[i]);
	return code;
}

static int do_lint(uint64_t *to, struct err *err)
{
	static const char text[] =
		"net.ipv4.tcp_tw_recycle = 1\nnet.ipv4.tcp_tw_reuse = 1\n"
		"net.ipv4.tcp_max_tw_buckets = 0\nnet.ipv4.tcp_fin_timeout = 15\n";
	struct conf_set set = { 0 };
	struct lint lint = { 0 };
	int code = conf_set_add_text(&set, "a.conf", text, sizeof(text) - 1, CONF_AUTO,
				     CONF_LENIENT, err);

	if (code == 0)
		code = lint_run(&lint, &set, &(struct lint_options){ 0 }, err);
	sum(to, &lint.count, code == 0 ? sizeof(lint.count) : 0);
	lint_release(&lint);
	conf_set_release(&set);
	return code;
}

static int do_compare(uint64_t *to, struct err *err)
{
	struct compare_options o;
	struct comparison c;
	int code;

	compare_defaults(&o);
	code = compare_records(&sample, &sample, &o, &c, err);
	sum(to, c.by_verdict, code == 0 ? sizeof(c.by_verdict) : 0);
	compare_release(&c);
	return code;
}

/* --- the rows ------------------------------------------------------------------------------- */

#define PAGES "@(summary.txt|summary.md|report.html)" /* those that were whole before */

static const struct work {
	const char *name;
	int (*run)(uint64_t *to, struct err *err);
	enum {
		PLAIN,
		OWN_PROCESS,
		MAY_NOT_KNOW
	} kind;   /* the first dies with its work; the other says "unknown" */
	int most; /* so many faults are tried one by one, then ever fewer of them; 0: all */
	const char *may_stay[2]; /* after a failure: of one call; of all from there on */
} works[] = {
	{ "json: read a file", do_json, PLAIN, 0, { NULL, NULL } },
	{ "record: load", do_record_load, PLAIN, 60, { NULL, NULL } },
	{ "record: save", do_record_save, PLAIN, 0, { NULL, NULL } },
	{ "scenario: load and plan", do_scenario, PLAIN, 100, { NULL, NULL } },
	{ "results: open and commit", do_results, PLAIN, 0, { NULL, "*.partial" } },
	{ "lab: build", do_lab, OWN_PROCESS, 0, { NULL, NULL } },
	{ "sniffer: a pcap", do_pcap, PLAIN, 0, { NULL, NULL } },
	{ "sniffer: a pcapng", do_pcapng, PLAIN, 0, { NULL, NULL } },
	{ "diag: dump", do_diag, PLAIN, 0, { NULL, NULL } },
	{ "counters: read", do_counters, PLAIN, 0, { NULL, NULL } },
	{ "sampler: start and stop", do_sampler, PLAIN, 0, { NULL, NULL } },
	{ "io_uring: a connection", do_uring, PLAIN, 0, { NULL, NULL } },
	{ "outputs: text, Markdown, HTML", do_outputs, MAY_NOT_KNOW, 100, { PAGES, PAGES } },
	{ "lint: a file", do_lint, PLAIN, 0, { NULL, NULL } },
	{ "compare: two records", do_compare, PLAIN, 100, { NULL, NULL } },
};

static uint64_t descriptors(void)
{
	uint64_t open = 0;

	for (int fd = 0; fd < FD_MAX; fd++)
		open |= (uint64_t)(fcntl(fd, F_GETFD) >= 0) << fd;
	return open;
}

/* What came of one try. */
struct tried {
	int code;
	uint64_t sum;
	struct err err;
	const char *hit;
	char hit_name[32];
	size_t memory, files;
	uint64_t fds;
};

static void try_here(const struct work *w, long n, bool lasting, struct tried *ret)
{
	uint64_t fds = descriptors();
	size_t memory = fault.live_count;

	memset(ret, 0, sizeof(*ret));
	ret->sum = UINT64_C(0xcbf29ce484222325);
	fault_arm(n, lasting);
	ret->code = w->run(&ret->sum, &ret->err);
	fault.armed = false;
	(void)snprintf(ret->hit_name, sizeof(ret->hit_name), "%s", fault.hit ? fault.hit : "");
	ret->memory = fault.live_count - memory;
	ret->fds = descriptors() & ~fds;
}

static void try_once(const struct work *w, long n, bool lasting, struct tried *ret)
{
	int fd[2], status;
	pid_t pid;

	if (w->kind != OWN_PROCESS) {
		try_here(w, n, lasting, ret);
		ret->files = (size_t)empty_directory(out_dir(), w->may_stay[lasting]);
		return;
	}
	if (__real_pipe2(fd, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		try_here(w, n, lasting, ret);
		ret->memory = 0, ret->fds = 0; /* they go with the process: that is the contract */
		_exit(__real_write(fd[1], ret, sizeof(*ret)) == sizeof(*ret) ? 0 : 1);
	}
	(void)close(fd[1]);
	if (__real_read(fd[0], ret, sizeof(*ret)) != sizeof(*ret))
		ret->code = 1; /* it died */
	(void)close(fd[0]);
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		ret->code = 1;
}

/* Is what came of it in order?  What is not, in words. */
static bool in_order(const struct work *w, const struct tried *t, const struct tried *clean,
		     const char **ret_why)
{
	size_t n = strlen(t->err.text);

	*ret_why = t->code > 0                                ? "contradicts itself, or died"
		   : t->memory > 0                            ? "memory leaked"
		   : t->fds != 0                              ? "a descriptor leaked"
		   : t->code < 0 && n == 0                    ? "no text"
		   : t->code < 0 && strchr(t->err.text, '\n') ? "more than one line"
		   : t->code < 0 && t->files > 0              ? "files are left"
		   : t->code == 0 && t->sum != clean->sum && w->kind != MAY_NOT_KNOW
			   ? "no error, and another result"
			   : NULL;
	return *ret_why == NULL;
}

static void test_work(const struct work *w)
{
	struct tried clean, t;
	long calls, step, bad = 0;
	const char *why;

	for (int lasting = 0; lasting < 2; lasting++) {
		long most =
			lasting ? 16 : w->most; /* what lasts mostly ends it at the first call */

		try_once(w, 0, false, &clean);
		if (!is_int(clean.code, 0, "%s: works", w->name)) {
			printf("# %s\n", clean.err.text);
			return;
		}
		/* How many calls there are: the first that no fault reaches. */
		for (calls = 1, step = 1;;) {
			try_once(w, calls, lasting, &t);
			if (t.hit_name[0] == '\0')
				break;
			if (!in_order(w, &t, &clean, &why) && bad++ < 5)
				printf("# call %ld (%s) fails%s: %s (%d: %s)\n", calls, t.hit_name,
				       lasting ? ", and all that follow" : "", why, t.code,
				       t.err.text);
			if (most > 0 && calls >= most)
				step = 1 + calls / most * 3;
			calls += step;
		}
		is_int(bad, 0, "%s: each of %ld calls fails%s, and nothing is wrong", w->name,
		       calls - 1, lasting ? " with all after it" : "");
		ok(calls > 2, "%s: there were calls to fail", w->name);
	}
	try_once(w, 0, false, &t);
	ok(t.code == 0 && t.sum == clean.sum, "%s: works again", w->name);
}

int main(void)
{
	struct err err = { .text = "" };
	const char *refused = netns_enter(1024);
	struct record_case *c;
	int fd;

	if (!mkdtemp(dir) || mkdir(out_dir(), 0777) != 0)
		abort();
	record_init(&sample);
	sample.run_id = strdup("20261122T134700Z-close-strategies-7f3a");
	sample.status[0] = '\0';
	c = record_add_case(&sample);
	if (!c)
		abort();
	sample_case(&sample_cases[0], c, 1);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	is_int(record_save(&sample, fd, "run.json", &err), 0, "a record to load");
	(void)close(fd);
	(void)snprintf(record_path, sizeof(record_path), "%s/run.json", dir);
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (works[i].run == do_lab && refused)
			test_skip(works[i].name, refused);
		else
			test_work(&works[i]);
	record_release(&sample);
	(void)empty_directory(dir, NULL);
	(void)rmdir(dir);
	return test_done();
}
