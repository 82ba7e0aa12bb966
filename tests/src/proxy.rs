//! A TCP proxy that breaks things on purpose, between a client and a real server.
//!
//! It knows only this of HTTP/1.1: a client says something, then the server answers. Faults strike when the first bytes
//! of an answer have come, so the server has done what it was asked; or, rarer, before the request is passed on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::crash::random::Random;

/// What may happen to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed instead.
    Drop,
    /// The connection is reset instead.
    Reset,
    /// Half of it is passed on, then the connection is closed.
    Cut,
    /// Nothing comes any more, and the connection stays open.
    HalfOpen,
    /// It comes late.
    Delay,
    /// The request never reached the server: the connection is reset before it is passed on.
    Refuse,
}

impl Fault {
    /// All of them, in the order in which [`Counts`] counts them.
    pub const ALL: [Self; 6] =
        [Self::Drop, Self::Reset, Self::Cut, Self::HalfOpen, Self::Delay, Self::Refuse];
}

/// How often which fault strikes: so many of a thousand answers each.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// In the order of [`Fault::ALL`].
    pub per_mille: [u16; 6],
}

impl Faults {
    /// 10 % of the answers are lost after the server has done its work, in one of three ways; besides, some come late,
    /// few never, and some requests are not passed on.
    pub const TEN_PERCENT: Self = Self { per_mille: [50, 30, 20, 1, 20, 20] };

    fn draw(self, random: &mut Random) -> Option<Fault> {
        let mut number = random.within(0, 999);
        for (fault, chance) in Fault::ALL.into_iter().zip(self.per_mille) {
            match number.checked_sub(u64::from(chance)) {
                Some(rest) => number = rest,
                None => return Some(fault),
            }
        }
        None
    }
}

/// How often what has happened.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests that were seen.
    pub requests: AtomicU64,
    struck: [AtomicU64; 6],
}

impl Counts {
    /// How often a fault has struck.
    pub fn of(&self, fault: Fault) -> u64 {
        let index = Fault::ALL.iter().position(|other| *other == fault).unwrap_or_default();
        self.struck[index].load(Ordering::Relaxed)
    }

    /// Answers that were lost although the server had done its work.
    pub fn lost_answers(&self) -> u64 {
        [Fault::Drop, Fault::Reset, Fault::Cut, Fault::HalfOpen].map(|fault| self.of(fault)).iter().sum()
    }
}

/// A running proxy; it ends with the runtime, or when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port and passes everything on to `upstream`, with faults by the dice of `seed`.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(upstream: SocketAddr, faults: Faults, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let counted = counts.clone();
        let task = tokio::spawn(async move {
            let mut random = Random::new(seed);
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let link = Link { faults, random: random.fork(), counts: counted.clone() };
                connections.spawn(async move {
                    // A connection that breaks is what this is for.
                    let _ = link.carry(client, upstream).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, counts, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has happened so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Link {
    faults: Faults,
    random: Random,
    counts: Arc<Counts>,
}

impl Link {
    async fn carry(mut self, mut client: TcpStream, upstream: SocketAddr) -> io::Result<()> {
        let mut server = TcpStream::connect(upstream).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        // The fault that waits for the answer to the present request.
        let mut waiting: Option<Fault> = None;
        let mut is_new_request = true;
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let count = read?;
                    if count == 0 {
                        return server.shutdown().await;
                    }
                    if std::mem::take(&mut is_new_request) {
                        self.counts.requests.fetch_add(1, Ordering::Relaxed);
                        waiting = self.faults.draw(&mut self.random);
                        if waiting == Some(Fault::Refuse) {
                            self.count(Fault::Refuse);
                            return reset(&client);
                        }
                    }
                    server.write_all(&asked[..count]).await?;
                }
                read = server.read(&mut answered) => {
                    let count = read?;
                    if count == 0 {
                        return client.shutdown().await;
                    }
                    is_new_request = true;
                    let Some(fault) = waiting.take() else {
                        client.write_all(&answered[..count]).await?;
                        continue;
                    };
                    self.count(fault);
                    match fault {
                        Fault::Drop => return client.shutdown().await,
                        Fault::Reset | Fault::Refuse => return reset(&client),
                        Fault::Cut => {
                            client.write_all(&answered[..count / 2]).await?;
                            return client.shutdown().await;
                        }
                        Fault::HalfOpen => {
                            // Until the client has had enough.
                            while client.read(&mut asked).await? > 0 {}
                            return Ok(());
                        }
                        Fault::Delay => {
                            tokio::time::sleep(Duration::from_millis(self.random.within(5, 50))).await;
                            client.write_all(&answered[..count]).await?;
                        }
                    }
                }
            }
        }
    }

    fn count(&self, fault: Fault) {
        let index = Fault::ALL.iter().position(|other| *other == fault).unwrap_or_default();
        self.counts.struck[index].fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes the end of the connection a reset.
fn reset(stream: &TcpStream) -> io::Result<()> {
    rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
    Ok(())
}
