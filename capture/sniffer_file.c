#include "capture/sniffer.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mono.h"
#include "capture/feed.h"

static void on_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *bytes)
{
	/* libpcap was asked for nanoseconds: tv_usec holds them. */
	(void)feed_packet((struct feed *)(void *)arg,
			  (int64_t)h->ts.tv_sec * NS_PER_S + h->ts.tv_usec, bytes, h->caplen,
			  h->len);
}

/* Opened here, not by libpcap, so that a missing file keeps its errno. */
static int open_file(const char *path, FILE **ret, struct err *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");

	if (!file)
		return err_errno(err, "open '%s'", path);
	*ret = file;
	return 0;
}

int sniffer_read_file(const char *path, const struct flow_options *flow, struct sniffer_report *ret,
		      struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct feed feed = { 0 };
	FILE *file = NULL;
	pcap_t *pcap;
	int code = open_file(path, &file, err);

	if (code != 0)
		return code;
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap) {
		if (file != stdin)
			(void)fclose(file); /* only read from */
		return err_set(err, -EINVAL, "'%s' is not a capture file: %s", path, why);
	}
	code = feed_init(&feed, pcap_datalink(pcap), 0, flow, ret);
	if (code != 0) {
		err_set(err, code, "no memory for the connections of '%s'", path);
		goto out;
	}
	if (pcap_loop(pcap, -1, on_packet, (u_char *)&feed) == PCAP_ERROR)
		(void)snprintf(ret->broken, sizeof(ret->broken), "%s", pcap_geterr(pcap));
	feed_finish(&feed);
out:
	feed_release(&feed);
	pcap_close(pcap); /* closes the file, standard input excepted */
	return code;
}
