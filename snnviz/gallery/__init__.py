"""Makes the gallery: the finished runs that are distributed with snnviz (decision 44). `store.shipped` reads it."""
