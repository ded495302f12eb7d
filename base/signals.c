#include "base/signals.h"

#include "base/err.h"

int signals_hold(sigset_t *ret, sigset_t *ret_old, struct err *err)
{
	sigemptyset(ret);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGTERM);
	return sigprocmask(SIG_BLOCK, ret, ret_old) == 0 ? 0 : err_errno(err, "block signals");
}
