/* What --dry-run prints: what will run, what it needs, and what to expect. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "bench/plan.h"

#define SECOND_NS 1000000000

static const char *grouped(int64_t value, char *buf, size_t size)
{
	if (value < 0)
		(void)snprintf(buf, size, "?");
	else
		num_format_grouped(value, buf, size);
	return buf;
}

/* "8 s", "1 min 13 s", "2 h 5 min" */
static const char *about(int64_t ns, char *buf, size_t size)
{
	long long s = (ns + SECOND_NS / 2) / SECOND_NS;

	if (s < 60)
		(void)snprintf(buf, size, "%lld s", s);
	else if (s < 3600)
		(void)snprintf(buf, size, "%lld min %lld s", s / 60, s % 60);
	else
		(void)snprintf(buf, size, "%lld h %lld min", s / 3600, s / 60 % 60);
	return buf;
}

/* A rate with no more digits than it needs. */
static const char *rate(double per_s, char *buf, size_t size)
{
	(void)snprintf(buf, size,
		       per_s < 1      ? "%.3g/s"
		       : per_s < 10   ? "%.2f/s"
		       : per_s < 1000 ? "%.1f/s"
				      : "%.0f/s",
		       per_s);
	char *dot = strchr(buf, '.');

	if (dot && strspn(dot + 1, "0") == strcspn(dot + 1, "/"))
		memmove(dot, strchr(dot, '/'), strlen(strchr(dot, '/')) + 1);
	return buf;
}

static const char *load_text(const struct plan_case *p, char *buf, size_t size)
{
	const struct case_spec *c = p->spec;
	char a[32], b[32], requests[40] = "";

	if (c->burst > 1)
		(void)snprintf(requests, sizeof(requests), " x %lld", (long long)c->burst);
	num_format_duration(c->duration_ns, b, sizeof(b));
	switch (c->shape) {
	case LOAD_POLL:
		(void)snprintf(buf, size, "%lld clients%s every %s for %s", (long long)c->clients,
			       requests, num_format_duration(c->interval_ns, a, sizeof(a)), b);
		break;
	case LOAD_RATE:
		num_format_duration(p->load_ns / 1000000 * 1000000, b, sizeof(b));
		(void)snprintf(buf, size, "%s for %s", rate(c->rate_per_s, a, sizeof(a)), b);
		break;
	case LOAD_STEPS:
		(void)snprintf(buf, size, "%lld steps in %s", (long long)c->step_count, b);
		break;
	case LOAD_SATURATE:
	case LOAD_SHAPE_COUNT:
		(void)snprintf(buf, size, "%lld client%s at full speed for %s",
			       (long long)c->clients, c->clients == 1 ? "" : "s", b);
		break;
	}
	return buf;
}

bool plan_needs_lab(const struct plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->item[i].spec->topology != TOPOLOGY_HOST)
			return true;
	return false;
}

static void print_host(const struct plan *p, FILE *out)
{
	const struct plan_host *h = &p->host;
	int64_t low, mean, high, step;
	char a[32], b[32];

	plan_lifetime(h->config_hz, &low, &mean, &high, &step);
	(void)fprintf(out, "host: %lld CPUs, ", (long long)h->cpus);
	if (h->config_hz > 0)
		(void)fprintf(out, "HZ=%lld", (long long)h->config_hz);
	else
		(void)fprintf(out, "HZ unknown");
	(void)fprintf(out,
		      ": a TIME_WAIT should last %.1f to %.1f s; %s ports per address pair and "
		      "server port; %s file descriptors\n",
		      (double)low / SECOND_NS, (double)high / SECOND_NS,
		      grouped(h->port_high - h->port_low + 1, a, sizeof(a)),
		      grouped(h->fd_limit, b, sizeof(b)));
	if (!plan_needs_lab(p))
		(void)fprintf(out, "labs: none, all cases run in this namespace\n");
	else if (h->lab.userns)
		(void)fprintf(out, "labs: user and network namespaces, no root needed\n");
	else if (h->lab.netns)
		(void)fprintf(out, "labs: network namespaces, as root (user namespaces: %s)\n",
			      h->lab.userns_why);
	else
		(void)fprintf(out, "labs: cannot be made here: %s; %s\n", h->lab.userns_why,
			      h->lab.netns_why);
	if (!h->gnuplot)
		(void)fprintf(out, "graphs: none, gnuplot is not installed\n");
}

struct columns {
	int name, load;
};

static struct columns measure(const struct plan *p)
{
	struct columns c = { 4, 4 };
	char text[128];

	for (size_t i = 0; i < p->count; i++) {
		int name = (int)strlen(p->item[i].spec->name);
		int load = (int)strlen(load_text(&p->item[i], text, sizeof(text)));

		c.name = name > c.name ? name : c.name;
		c.load = load > c.load ? load : c.load;
	}
	return c;
}

static const char *ports_text(const struct plan_case *p, char *buf, size_t size)
{
	char needed[32], has[32];

	(void)snprintf(buf, size, "%s of %s", grouped(p->ports_needed, needed, sizeof(needed)),
		       grouped(p->ports_available, has, sizeof(has)));
	return buf;
}

static void print_case(const struct plan_case *p, struct columns c, FILE *out)
{
	char load[128], attempts[32], ports[80], client[32], server[32], wall[32];
	bool short_of = p->ports_needed > p->ports_available && p->ports_available >= 0;

	(void)fprintf(out, "%-*s  %-*s  %-8s %11s  %18s  %10s %10s  %5d  %s%s\n", c.name,
		      p->spec->name, c.load, load_text(p, load, sizeof(load)),
		      topology_key(p->spec->topology),
		      grouped(p->attempts, attempts, sizeof(attempts)),
		      ports_text(p, ports, sizeof(ports)),
		      grouped(p->time_wait_peak[SIDE_CLIENT], client, sizeof(client)),
		      grouped(p->time_wait_peak[SIDE_SERVER], server, sizeof(server)), p->batch + 1,
		      about(p->wall_ns, wall, sizeof(wall)),
		      short_of ? "  ports run out, as intended" : "");
}

static void print_sysctls(const struct plan *p, FILE *out)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct case_spec *c = p->item[i].spec;

		for (int64_t j = 0; j < c->sysctl_count; j++)
			(void)fprintf(out, "%s%s: %s = %s\n", i + (size_t)j == 0 ? "\n" : "",
				      c->name, c->sysctl[j].key, c->sysctl[j].value);
	}
}

void plan_print_line(const struct plan *p, const struct scenario *s, FILE *out)
{
	char wall[32];

	const char *dot = utf8_dot();

	(void)fprintf(out, "plan: %s %s %zu case%s in %d batch%s %s %lld repeat%s %s about %s",
		      s->name, dot, p->count, p->count == 1 ? "" : "s", p->batches,
		      p->batches == 1 ? "" : "es", dot, (long long)p->rounds,
		      p->rounds == 1 ? "" : "s", dot, about(p->wall_ns, wall, sizeof(wall)));
}

void plan_print(const struct plan *p, const struct scenario *s, FILE *out)
{
	struct columns c = measure(p);

	plan_print_line(p, s, out);
	(void)fprintf(out, "\n");
	print_host(p, out);
	(void)fprintf(out, "\n%-*s  %-*s  %-8s %11s  %18s  %21s  %5s  %s\n", c.name, "", c.load, "",
		      "", "", "", "TIME_WAIT at the most", "", "one");
	(void)fprintf(out, "%-*s  %-*s  %-8s %11s  %18s  %10s %10s  %5s  %s\n", c.name, "case",
		      c.load, "load", "topology", "connections", "ports at once", "client",
		      "server", "batch", "repeat");
	for (size_t i = 0; i < p->count; i++)
		print_case(&p->item[i], c, out);
	print_sysctls(p, out);
	(void)fprintf(out,
		      "\nforecast by Little's law (rate x lifetime); cases of one batch run at the "
		      "same time, each in its own lab; ? is not known beforehand\n"
		      "scenario sha256 %s\n",
		      s->sha256);
}
