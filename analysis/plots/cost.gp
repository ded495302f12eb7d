set format x '%g'
