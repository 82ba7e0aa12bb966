//! What a browser has to load, and the most that it may be: all files together, each compressed with gzip, in bytes.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Prints the sizes of these files of `folder`, and fails if they are more than `max_compressed_bytes` together.
pub(crate) fn check(folder: &Path, files: &[&str], max_compressed_bytes: usize) -> Result<()> {
    let (mut all, mut all_compressed) = (0, 0);
    println!("{:>9} {:>9}  what a browser loads", "bytes", "gzip");
    for file in files {
        let content = fs::read(folder.join(file)).with_context(|| format!("cannot read {file}"))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        let compressed = encoder.finish()?.len();
        println!("{:>9} {compressed:>9}  {file}", content.len());
        all += content.len();
        all_compressed += compressed;
    }
    println!("{all:>9} {all_compressed:>9}  together; at most {max_compressed_bytes} compressed");
    if all_compressed > max_compressed_bytes {
        bail!(
            "a browser would have to load {all_compressed} bytes, which is more than {max_compressed_bytes}"
        );
    }
    Ok(())
}
