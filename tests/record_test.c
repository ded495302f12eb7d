#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/record_table.h"
#include "tests/sample_record.h"

static char *text_of(const struct record *r)
{
	char *text = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);

	if (!mem)
		abort();
	ok(record_write(r, mem), "written");
	(void)fclose(mem);
	return text;
}

static int parse_text(const char *text, struct record *r, struct err *err)
{
	json *root = json_parse(text, strlen(text), err);
	int rc = root ? record_parse(r, root, err) : -EINVAL;

	json_free(root);
	return rc;
}

/* --- every row has a value, goes out and comes back ------------------------------------------- */

/* A value that no other row of the scope has. */
static void fill_row(const struct field *f, void *object, int64_t number)
{
	void *p = field_at_mut(f, object);

	switch (f->type) {
	case FIELD_INT:
		*(int64_t *)p = 1000000007 * number - 5;
		break;
	case FIELD_SMALL:
		*(int8_t *)p = (int8_t)(number % 100);
		break;
	case FIELD_REAL:
		*(double *)p = (double)number / 3;
		break;
	case FIELD_BOOL:
		*(bool *)p = true;
		break;
	case FIELD_TEXT:
	case FIELD_KEY:
		if (f->words)
			(void)snprintf(p, f->size, "%.*s", (int)strcspn(f->words, " "), f->words);
		else
			(void)snprintf(p, f->size, "t%d \"\\\xc3\xa9", (int)number);
		break;
	case FIELD_STRING:
		*(char **)p = strdup("a string\twith\nodd \xe2\x82\xac bytes");
		break;
	case FIELD_SIDES:
		*(enum sides *)p = (enum sides)(number % SIDES_COUNT);
		break;
	case FIELD_OUTCOME:
		*(enum outcome *)p = (enum outcome)(number % OUTCOME_COUNT);
		break;
	case FIELD_CLASS:
		*(enum teardown_class *)p = (enum teardown_class)(number % TEARDOWN_CLASS_COUNT);
		break;
	default:
		break;
	}
}

static void fill_scope(enum field_scope scope, void *object, int depth);

static void fill_special(const struct field *f, void *object)
{
	if (f->type == FIELD_HIST && f->stat == STAT_COUNT) {
		(void)hist_reserve(field_at_mut(f, object));
		hist_record(field_at_mut(f, object), 123456789);
		hist_record_n(field_at_mut(f, object), 17, 3);
		hist_record(field_at_mut(f, object), HIST_MAX_NS + 5);
	} else if (f->codec == &codec_json) {
		*(char **)field_at_mut(f, object) =
			strdup("{\"a\": [1, 2.5, null, {\"b\": false}]}");
	} else if (f->codec == &codec_classes) {
		*(uint32_t *)field_at_mut(f, object) = 0x5;
	} else if (f->codec == &codec_series_time) {
		struct series *s = field_at_mut(f, object);
		struct series_row row = { .t_ns = 5 };

		(void)series_init(s, 4);
		for (int c = 0; c < COL_COUNT; c++)
			row.count[SIDE_SERVER][c] = c;
		(void)series_add(s, &row);
		row.t_ns = 77;
		row.count[SIDE_CLIENT][COL_TIME_WAIT] = INT32_MAX;
		(void)series_add(s, &row);
		series_finish(s);
	}
}

static void fill_list(const struct field *f, void *object, int depth)
{
	size_t want = f->list->heap ? 3 : f->list->max; /* fixed lists are filled up */

	for (size_t i = 0; i < want; i++) {
		void *item = list_add(f, object);

		if (!item)
			abort();
		fill_scope(f->list->of, item, depth + (int)i + 1);
	}
}

static void fill_scope(enum field_scope scope, void *object, int depth)
{
	size_t count;
	const struct field *f = scope_fields(scope, &count);

	for (size_t i = 0; i < count; i++) {
		fill_row(&f[i], object, (int64_t)i + 1 + 100 * depth);
		fill_special(&f[i], object);
		if (f[i].type == FIELD_LIST || f[i].type == FIELD_MAP)
			fill_list(&f[i], object, depth);
	}
}

static void same_after_reading(struct record *r, const char *what)
{
	char *once = text_of(r), *twice = NULL;
	struct err err = { .text = "" };
	struct record back;
	int rc = parse_text(once, &back, &err);

	if (is_int(rc, 0, "%s: is read back (%s)", what, err.text)) {
		twice = text_of(&back);
		ok(strcmp(once, twice) == 0, "%s: write(read(write(x))) is write(x), %zu bytes",
		   what, strlen(once));
		record_release(&back);
	}
	free(once);
	free(twice);
}

static void test_round_trip(void)
{
	struct record r;

	record_init(&r);
	same_after_reading(&r, "all unknown");
	fill_scope(SCOPE_RUN, &r, 0);
	(void)record_add_warning(&r, "one");
	(void)record_add_warning(&r, "two");
	(void)record_add_warning(&r, "one");
	is_int(r.warning_count, 2, "a warning is kept once");
	same_after_reading(&r, "every row filled");
	record_release(&r);
	sample_record(&r, 1);
	same_after_reading(&r, "the sample");
	record_release(&r);
}

static bool same_rows(const struct series *a, const struct series *b)
{
	for (size_t i = 0; i < a->count; i++) {
		struct series_row x = series_row(a, i), y = series_row(b, i);

		if (memcmp(&x, &y, sizeof(x)) != 0)
			return false;
	}
	return a->count == b->count;
}

static void test_values(void)
{
	struct err err = { .text = "" };
	struct record r, back;
	char *text;

	sample_record(&r, 1);
	r.cases[0].repeat[0].ledger.settle_ns = INT64_C(9007199254740991);
	text = text_of(&r);
	ok(!strstr(text, "nan") && !strstr(text, "inf") && !strstr(text, "-9223372036854775808"),
	   "no NaN, no infinity, no sentinel in the file");
	ok(strstr(text, "\"cost.wire_cpu_ns\": \"the topology has no relay\"") != NULL,
	   "a null has its reason");
	ok(!strstr(text, "\"close_wait\""), "a column that stays 0 is left out");
	if (is_int(parse_text(text, &back, &err), 0, "sample is read (%s)", err.text)) {
		const struct record_repeat *a = &r.cases[0].repeat[0],
					   *b = &back.cases[0].repeat[0];

		is_int(b->ledger.settle_ns, INT64_C(9007199254740991), "2^53 - 1 is exact");
		is_int(b->ledger.first_no_port_ns, RECORD_NONE, "null is unknown, not 0");
		is_int(b->response.total, a->response.total, "histogram: count");
		ok(memcmp(a->response.count, b->response.count, HIST_BUCKETS * sizeof(int64_t)) ==
			   0,
		   "histogram: every bucket");
		is_int(b->response.min_ns, a->response.min_ns, "histogram: min is exact");
		is_int(hist_quantile_ns(&b->response, 0.99), hist_quantile_ns(&a->response, 0.99),
		       "histogram: same quantiles");
		is_int(b->series.count, a->series.count, "series: same rows");
		ok(same_rows(&a->series, &b->series), "series: same values");
		is_int(record_counter_delta(b, SIDE_CLIENT, "TcpActiveOpens"), 1600,
		       "counter delta");
		is_int(record_counter_delta(b, SIDE_CLIENT, "TcpNoSuch"), 0,
		       "a counter left out did not move");
		record_release(&back);
	}
	free(text);
	record_release(&r);
}

static void test_absent_witness(void)
{
	struct record_repeat r;
	char *text = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&text, &size);
	struct jsonw w;

	if (!mem)
		abort();
	record_repeat_init(&r);
	is_int(record_counter_delta(&r, SIDE_CLIENT, "TcpActiveOpens"), RECORD_NONE,
	       "no counters: unknown");
	r.witness_count = 1;
	sample_copy(r.witness[0].name, sizeof(r.witness[0].name), "sniffer");
	sample_copy(r.witness[0].note, sizeof(r.witness[0].note), "no right to capture");
	jsonw_init(&w, mem);
	record_repeat_write(&r, &w);
	(void)fclose(mem);
	ok(strstr(text, "\"capture.syn\": \"no right to capture\"") != NULL,
	   "what an absent witness would have seen is null because of it");
	free(text);
	record_repeat_release(&r);
	record_repeat_release(&r);
	record_repeat_release(NULL);
	ok(true, "release may come twice, or on nothing");
}

/* --- hostile documents ------------------------------------------------------------------------ */

#define DOC(more)     "{\"schema\": \"twbench.run/1\"" more "}"
#define CASE1(more)   DOC(", \"cases\": [{" more "}]")
#define REPEAT1(more) CASE1("\"repeats\": [{" more "}]")
#define HIST1(more)   REPEAT1("\"latency\": {\"service\": {" more "}}")

static const struct {
	const char *text, *says;
} hostile[] = {
	{ "", "" },
	{ "[]", "not an object (an array)" },
	{ "{}", "no \"schema\"" },
	{ "{\"schema\": 1}", "schema: not a string" },
	{ "{\"schema\": \"twbench.run/2\"}", "schema: 'twbench.run/2' is not twbench.run/1" },
	{ "{\"schema\": \"twbench.run/12\"}", "'twbench.run/12' is not" },
	{ DOC(", \"run\": 5"), "run: not an object (a number)" },
	{ DOC(", \"run\": {\"scenario\": []}"), "run.scenario: not an object" },
	{ DOC(", \"run\": {\"seed\": 1.5}"), "run.seed: not a whole number" },
	{ DOC(", \"run\": {\"seed\": \"1\"}"),
	  "run.seed: not a whole number within 2^53 (a string)" },
	{ DOC(", \"run\": {\"seed\": 9007199254740994}"), "run.seed" },
	{ DOC(", \"run\": {\"status\": \"great\"}"), "run.status: 'great' is none of: pass fail" },
	{ DOC(", \"run\": {\"argv\": [1]}"), "run.argv[0]: not a string" },
	{ DOC(", \"run\": {\"id\": {}}"), "run.id: not a string" },
	{ DOC(", \"run\": {\"scenario\": {\"resolved\": 3}}"),
	  "run.scenario.resolved: not an object" },
	{ DOC(", \"cases\": {}"), "cases: not an array" },
	{ DOC(", \"cases\": [3]"), "cases[0]: not an object" },
	{ CASE1("\"name\": 4"), "cases[0]: name: not a string" },
	{ CASE1("\"strategy\": \"0123456789012345678901234567890123456789\""),
	  "strategy: longer than 31 bytes" },
	{ CASE1("\"declared\": {\"outcome\": \"splendid\"}"), "'splendid' is no outcome" },
	{ CASE1("\"declared\": {\"time_wait\": \"left\"}"), "'left' is no set of sides" },
	{ CASE1("\"declared\": {\"classes\": [\"odd\"]}"), "'odd' is no teardown class" },
	{ CASE1("\"declared\": {\"client\": {\"out_rsts\": 300}}"), "not a small whole number" },
	{ CASE1("\"rate_per_s\": 1e999"), "" },
	{ REPEAT1("\"shared_namespace\": 1"), "shared_namespace: not true or false" },
	{ REPEAT1("\"errnos\": [{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]"),
	  "errnos: more than 16" },
	{ REPEAT1("\"teardowns\": [{\"class\": \"\"}]"), "'' is no teardown class" },
	{ REPEAT1("\"counters\": {\"client\": []}"), "counters.client: not an object" },
	{ REPEAT1("\"counters\": {\"client\": "
		  "{\"0123456789012345678901234567890123456789012345678\": {}}}"),
	  "longer than 47 bytes" },
	{ HIST1("\"count\": 1"), "count is 1, the buckets sum to 0" },
	{ HIST1("\"count\": -1"), "negative" },
	{ HIST1("\"buckets\": [[1]]"), "not a pair" },
	{ HIST1("\"buckets\": [[99999999, 1]]"), "cannot be" },
	{ HIST1("\"buckets\": [[-1, 1]]"), "cannot be" },
	{ HIST1("\"buckets\": [[5, 0]]"), "cannot be" },
	{ HIST1("\"buckets\": [[5, 1], [5, 1]]"), "cannot be" },
	{ HIST1("\"count\": 2, \"buckets\": [[5, 2]]"), "empty bucket" },
	{ HIST1("\"count\": 2, \"min_ns\": 5, \"max_ns\": 6, \"buckets\": [[5, 2]]"),
	  "empty bucket" },
	{ HIST1("\"count\": 2, \"clamped\": 3, \"min_ns\": 5, \"max_ns\": 5, \"buckets\": [[5, "
		"2]]"),
	  "count is 2" },
	{ HIST1("\"buckets\": [[5, 9007199254740991], [6, 9007199254740991]]"), "over 2^53" },
	{ REPEAT1("\"series\": {\"t_ns\": [1, 2], \"client\": {\"time_wait\": [1]}}"),
	  "series.client: time_wait: not a list as long as t_ns (2)" },
	{ REPEAT1("\"series\": {\"client\": {\"time_wait\": [1]}}"), "as long as t_ns (0)" },
	{ REPEAT1("\"series\": {\"t_ns\": [2, 1]}"), "time runs backwards" },
	{ REPEAT1("\"series\": {\"t_ns\": [1, \"2\"]}"), "[1]: not a whole number" },
	{ REPEAT1("\"series\": {\"t_ns\": [1], \"server\": {\"time_wait\": [-1]}}"),
	  "not a number of sockets" },
	{ REPEAT1("\"series\": {\"t_ns\": [1], \"server\": {\"time_wait\": [2147483648]}}"),
	  "not a number of sockets" },
};

static void test_hostile(void)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct err err = { .text = "" };
		struct record r;
		int rc = parse_text(hostile[i].text, &r, &err);

		ok(rc == -EINVAL && strstr(err.text, hostile[i].says) && !strchr(err.text, '\n'),
		   "refused: %.60s (%s)", hostile[i].text, err.text);
		if (rc == 0)
			record_release(&r);
	}
}

static void test_lenient(void)
{
	struct err err = { .text = "" };
	struct record r;
	char *many = NULL;
	size_t size = 0;
	FILE *mem = open_memstream(&many, &size);

	is_int(parse_text(DOC(", \"later\": {\"x\": 1}, \"run\": {\"id\": null}"), &r, &err), 0,
	       "unknown and missing keys are passed over (%s)", err.text);
	is_int(r.seed, RECORD_NONE, "a missing number is unknown");
	record_release(&r);
	is_int(parse_text("{\"schema\": \"twbench.run/1.3\"}", &r, &err), 0,
	       "a later minor version is read");
	record_release(&r);
	if (!mem)
		abort();
	(void)fputs("{\"schema\": \"twbench.run/1\", \"cases\": [{\"repeats\": [{}", mem);
	for (int i = 0; i < 1000; i++)
		(void)fputs(",{}", mem);
	(void)fputs("]}]}", mem);
	(void)fclose(mem);
	is_int(parse_text(many, &r, &err), -EINVAL,
	       "1001 repeats are refused before they take memory (%s)", err.text);
	free(many);
}

/* --- the file --------------------------------------------------------------------------------- */

static int entries(int dirfd)
{
	DIR *d = fdopendir(dup(dirfd));
	int n = 0;

	if (!d)
		return -1;
	rewinddir(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void test_save(void)
{
	char dir[] = "/tmp/twbench-record.XXXXXX", path[64];
	struct err err = { .text = "" };
	struct record r, back;
	int fd;

	if (!mkdtemp(dir) || (fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		abort();
	sample_record(&r, 1);
	is_int(record_save(&r, fd, "run.json", &err), 0, "saved (%s)", err.text);
	is_int(entries(fd), 1, "no temporary file stays");
	is_int(record_load(&back, dir, &err), 0, "loaded by its directory (%s)", err.text);
	record_release(&back);
	(void)snprintf(path, sizeof(path), "%s/run.json", dir);
	is_int(record_load(&back, path, &err), 0, "loaded by its name (%s)", err.text);
	is_int(back.case_count, SAMPLE_CASES, "all cases are there");
	record_release(&back);
	is_int(record_load(&back, "/nonexistent/run.json", &err), -EINVAL,
	       "a missing file is refused (%s)", err.text);
	is_int(record_save(&r, fd, "no/such/dir", &err), -ENOENT, "a bad name is an error (%s)",
	       err.text);
	(void)unlink(path);
	(void)close(fd);
	(void)rmdir(dir);
	record_release(&r);
}

static bool write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return done;
}

static bool own_mounts(void)
{
	char uid[32], gid[32];

	(void)snprintf(uid, sizeof(uid), "0 %u 1", (unsigned)geteuid());
	(void)snprintf(gid, sizeof(gid), "0 %u 1", (unsigned)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       write_proc("/proc/self/setgroups", "deny") &&
	       write_proc("/proc/self/uid_map", uid) && write_proc("/proc/self/gid_map", gid);
}

/* In a mount namespace of its own: a file system of 64 kB that holds an older record. */
static int full_disk_child(const char *dir)
{
	char old[8] = "";
	struct err err = { .text = "" };
	struct record r;
	int fd, file, rc, ret = 1;

	if (!own_mounts() || mount("tmpfs", dir, "tmpfs", 0, "size=64k") < 0)
		return 77;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file = openat(fd, "run.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (file < 0 || write(file, "old", 3) != 3 || close(file) < 0)
		return 2;
	sample_record(&r, 1);
	rc = record_save(&r, fd, "run.json", &err);
	record_release(&r);
	file = openat(fd, "run.json", O_RDONLY | O_CLOEXEC);
	if (rc != -ENOSPC || !strstr(err.text, "No space left"))
		ret = 3;
	else if (file < 0 || read(file, old, sizeof(old) - 1) != 3 || strcmp(old, "old") != 0)
		ret = 4;
	else if (entries(fd) != 1)
		ret = 5;
	else
		ret = 0;
	(void)close(file);
	(void)close(fd);
	return ret;
}

static void test_full_disk(void)
{
	char dir[] = "/tmp/twbench-full.XXXXXX";
	int status = 0;
	pid_t pid;

	if (!mkdtemp(dir))
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(full_disk_child(dir));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		abort();
	(void)rmdir(dir);
	if (WEXITSTATUS(status) == 77)
		test_skip("a full disk", "[namespace] cannot mount a file system of my own");
	else
		is_int(WEXITSTATUS(status), 0,
		       "a full disk: -ENOSPC, the old file untouched, nothing left over");
}

int main(void)
{
	test_round_trip();
	test_values();
	test_absent_witness();
	test_hostile();
	test_lenient();
	test_save();
	test_full_disk();
	return test_done();
}
