"""Making the gallery: the runs that come with snnviz (decision 44). What reads it is `store.shipped`."""
