/*
 * cmd_serve: the mock server alone, in the namespace it is started in.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "base/signals.h"
#include "base/commands.h"
#include "bench/server.h"

static const struct {
	const char *word;
	char action;
} closes[] = { { "fin", ACTION_FIN }, { "rst", ACTION_RST }, { "client", ACTION_EOF } };

static int close_option(const struct args *a, char *ret, struct err *err)
{
	const char *word = args_get(a, "close");

	*ret = ACTION_FIN;
	if (!word)
		return 0;
	for (size_t i = 0; i < sizeof(closes) / sizeof(closes[0]); i++)
		if (strcmp(closes[i].word, word) == 0) {
			*ret = closes[i].action;
			return 0;
		}
	return err_set(err, -EINVAL, "--close: '%s' is not one of fin, rst, client", word);
}

static int read_options(const struct args *a, struct server_options *o, struct err *err)
{
	const char *address = args_get(a, "address");
	int64_t port = 20000, ports = 1, threads = sysconf(_SC_NPROCESSORS_ONLN), reply = 50;
	int code = args_int(a, "port", 1, 65535, &port, err);

	if (code == 0)
		code = args_int(a, "ports", 1, 65536 - port, &ports, err);
	if (code == 0)
		code = args_int(a, "threads", 1, 256, &threads, err);
	if (code == 0)
		code = args_int(a, "reply-bytes", 0, PROTOCOL_REPLY_MAX, &reply, err);
	if (code == 0)
		code = close_option(a, &o->http_action, err);
	if (code != 0)
		return code;
	if (endpoint_parse(address ? address : "127.0.0.1", (uint16_t)port, &o->address) != 0)
		return err_set(err, -EINVAL, "--address: '%s' is not an IP address", address);
	o->ports = (uint32_t)ports;
	o->threads = (int)threads;
	o->http_reply_bytes = reply;
	o->backlog = 65535;
	o->udp = true;
	return 0;
}

static int serve_main(const struct args *a, struct err *err)
{
	struct server_options o = { .http_action = ACTION_FIN };
	struct server_now now;
	struct server *server;
	char text[ENDPOINT_TEXT_SIZE];
	sigset_t set;
	int code, number;

	if (a->rest_count > 0)
		return err_set(err, -EINVAL, "'%s' is not an option", a->rest[0]);
	code = read_options(a, &o, err);
	if (code != 0)
		return code;
	code = signals_hold(&set, NULL, err);
	if (code == 0)
		code = server_start(&o, &server, err);
	if (code != 0)
		return code;
	fprintf(stderr, "twbench serve: listening on %s, %u port%s, TCP and UDP; Ctrl-C ends it\n",
		endpoint_format(&o.address, text, sizeof(text)), o.ports, o.ports == 1 ? "" : "s");
	while (sigwait(&set, &number) != 0)
		continue;
	server_now(server, &now);
	server_stop(server, NULL);
	fprintf(stderr, "twbench serve: %lld connections, %lld requests\n", (long long)now.accepted,
		(long long)now.requests);
	return EXIT_PASS; /* being told to end is how a server ends */
}

static const struct opt options[] = {
	{ "address", 'a', "IP", NULL, "where to listen (default: 127.0.0.1)" },
	{ "port", 'p', "N", NULL, "first port (default: 20000)" },
	{ "ports", 0, "N", NULL, "how many, one after the other (default: 1)" },
	{ "threads", 0, "N", NULL, "event loops (default: one per processor)" },
	{ "reply-bytes", 0, "N", NULL, "body of an HTTP answer; /bytes/N asks for another (default: 50)" },
	{ "close", 0, "fin|rst|client", NULL,
	  "end of HTTP without keep-alive; client: wait for its FIN (default: fin)" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command command_serve = {
	.name = "serve",
	.args = "[OPTIONS]",
	.summary = "the mock server alone; speaks its command protocol and HTTP/1.1",
	.run = serve_main,
	.opts = options,
	.more = "Protocol: one line, \"e50\\n\": answer 50 bytes, then e = wait for the client's FIN, f = close\n"
		"first, r = reset, k = keep until reset.  \"e50,1000\\n\" thinks 1000 us first.\n",
};
