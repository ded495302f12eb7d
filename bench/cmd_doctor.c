/*
 * cmd_doctor: what works here, and the one-line fix for what does not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "analysis/plot.h"
#include "base/err.h"
#include "base/commands.h"
#include "bench/plan.h"
#include "bench/uring.h"
#include "capture/sniffer.h"

enum health { HEALTH_GOOD, HEALTH_LACKING, HEALTH_FATAL };

struct finding {
	enum health health;
	char text[320];
	char fix[320];
};

struct doctor {
	struct plan_host host;
};

static void check_kernel(const struct doctor *d, struct finding *f)
{
	int64_t low, mean, high, step;

	plan_lifetime(d->host.config_hz, &low, &mean, &high, &step);
	if (d->host.config_hz > 0)
		(void)snprintf(f->text, sizeof(f->text),
			       "HZ=%lld: TIME_WAIT should last 60.0 to %.2f s (forecast)",
			       (long long)d->host.config_hz, (double)high / 1e9);
	else
		(void)snprintf(f->text, sizeof(f->text),
			       "HZ unknown (no /proc/config.gz, no /boot/config): lifetimes are measured all the same");
}

static void check_userns(const struct doctor *d, struct finding *f)
{
	const struct lab_probe *p = &d->host.lab;

	if (p->userns) {
		(void)snprintf(f->text, sizeof(f->text), "works: labs need no root");
		return;
	}
	f->health = p->netns ? HEALTH_LACKING : HEALTH_FATAL;
	(void)snprintf(f->text, sizeof(f->text), "%s", p->userns_why);
	(void)snprintf(f->fix, sizeof(f->fix), "%s",
		       p->netns ? "not needed: you are root" : "run with sudo, or do what the line above says");
}

static void check_netns(const struct doctor *d, struct finding *f)
{
	const struct lab_probe *p = &d->host.lab;

	if (p->netns) {
		(void)snprintf(f->text, sizeof(f->text), "works: you are root");
		return;
	}
	f->health = p->userns ? HEALTH_GOOD : HEALTH_FATAL;
	(void)snprintf(f->text, sizeof(f->text), "%s%s", p->netns_why, p->userns ? " (not needed)" : "");
}

static void check_descriptors(const struct doctor *d, struct finding *f)
{
	(void)snprintf(f->text, sizeof(f->text), "%lld per process", (long long)d->host.fd_limit);
	if (d->host.fd_limit >= 4096)
		return;
	f->health = HEALTH_LACKING;
	(void)snprintf(f->fix, sizeof(f->fix),
		       "raise it (ulimit -n; /etc/security/limits.conf) for many clients at once");
}

static void check_ports(const struct doctor *d, struct finding *f)
{
	int64_t n = d->host.port_high - d->host.port_low + 1, low, mean, high, step;

	plan_lifetime(d->host.config_hz, &low, &mean, &high, &step);
	(void)snprintf(f->text, sizeof(f->text),
		       "%lld ports per source, destination and port: %.0f closes/s for ever (forecast)",
		       (long long)n, (double)n / ((double)high / 1e9));
}

static void check_cpus(const struct doctor *d, struct finding *f)
{
	double load = 0;

	(void)snprintf(f->text, sizeof(f->text), "%lld online", (long long)d->host.cpus);
	if (getloadavg(&load, 1) == 1 && load > 0.5 * (double)d->host.cpus) {
		f->health = HEALTH_LACKING;
		(void)snprintf(f->text, sizeof(f->text), "%lld online, but the load average is %.1f",
			       (long long)d->host.cpus, load);
		(void)snprintf(f->fix, sizeof(f->fix), "latencies will be noisy; counts will not");
	}
}

static void check_pcap(const struct doctor *d, struct finding *f)
{
	(void)d;
	(void)snprintf(f->text, sizeof(f->text), "%s", sniffer_library_version());
}

static void check_uring(const struct doctor *d, struct finding *f)
{
	struct uring u;
	struct err err;

	(void)d;
	if (uring_open(&u, 1, &err) == 0) {
		uring_close(&u);
		(void)snprintf(f->text, sizeof(f->text), "works: load.engine 'ring' can be used");
		return;
	}
	f->health = HEALTH_LACKING;
	(void)snprintf(f->text, sizeof(f->text), "%.120s: no load.engine 'ring'", err.text);
	(void)snprintf(f->fix, sizeof(f->fix), "load.engine 'straight' does the same with plain system calls");
}

static void check_gnuplot(const struct doctor *d, struct finding *f)
{
	char version[64];

	(void)d;
	plot_gnuplot_version(version, sizeof(version));
	if (version[0]) {
		(void)snprintf(f->text, sizeof(f->text), "gnuplot %s", version);
		return;
	}
	f->health = HEALTH_LACKING;
	(void)snprintf(f->text, sizeof(f->text), "not found: no graphs; all else works");
	(void)snprintf(f->fix, sizeof(f->fix), "apt-get install gnuplot-nox");
}

static void check_results(const struct doctor *d, struct finding *f)
{
	(void)d;
	if (access("results", W_OK) == 0 || (errno == ENOENT && access(".", W_OK) == 0)) {
		(void)snprintf(f->text, sizeof(f->text), "results/ can be written");
		return;
	}
	f->health = HEALTH_LACKING;
	(void)snprintf(f->text, sizeof(f->text), "results/ cannot be written here");
	(void)snprintf(f->fix, sizeof(f->fix), "twbench run --out DIR");
}

static const struct {
	const char *name;
	void (*check)(const struct doctor *d, struct finding *f);
} checks[] = {
	{ "user namespaces", check_userns }, { "root namespaces", check_netns },
	{ "kernel timer", check_kernel },    { "local ports", check_ports },
	{ "descriptors", check_descriptors }, { "processors", check_cpus },
	{ "io_uring", check_uring },
	{ "libpcap", check_pcap },	      { "gnuplot", check_gnuplot },
	{ "results", check_results },
};

static int doctor_main(const struct args *a, struct err *err)
{
	static const char *const mark[] = { "ok  ", "note", "MISS" };
	struct doctor d;
	int status = EXIT_PASS;

	if (a->rest_count > 0)
		return err_set(err, -EINVAL, "'%s' is not an option", a->rest[0]);
	plan_probe(&d.host);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding f = { .health = HEALTH_GOOD };

		checks[i].check(&d, &f);
		printf("%s  %-16s %s\n", mark[f.health], checks[i].name, f.text);
		if (f.fix[0])
			printf("      %-16s fix: %s\n", "", f.fix);
		if (f.health == HEALTH_FATAL && !d.host.lab.userns && !d.host.lab.netns)
			status = EXIT_SKIPPED;
	}
	return status;
}

const struct command command_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "what works here, and the one-line fix for what does not",
	.run = doctor_main,
};
