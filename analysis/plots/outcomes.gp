set format x '%.0f %%'
