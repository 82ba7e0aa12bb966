-- By which a server finds out what became of a transaction whose answer it has not heard: each writes its token into one of the
-- rows of its server, which no two of them have at a time. The numbers of transactions do not tell, as the database gives
-- those of transactions that it has forgotten in a crash to others.
CREATE TABLE marks (
    server text COLLATE "C" NOT NULL,
    place  integer NOT NULL,
    token  bigint NOT NULL,
    time   double precision NOT NULL,
    PRIMARY KEY (server, place)
) WITH (fillfactor = 50);
