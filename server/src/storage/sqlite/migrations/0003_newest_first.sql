-- Descending, as lists of the newest are: those of one moment are in the order of their keys then, unsorted.
DROP INDEX rollouts_by_start;
CREATE INDEX rollouts_by_start ON rollouts (start_time DESC);
