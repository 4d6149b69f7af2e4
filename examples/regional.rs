//! Makes the model `regional`: teaches a network on simulated worlds, chooses its thresholds on others, opens the
//! sealed ones once, and writes the folder. The opening is added to `openings.csv` beside it.
//!
//! ```text
//! cargo run --example regional -- data/models/regional "why it is made"
//! ```
//!
//! It takes about forty minutes of processor time (half an hour on two cores) and 7 GB of memory. The same recipe gives the same weights.

use std::path::PathBuf;

use quakebook::method::worlds::{Recipe, model};

fn main() -> quakebook::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(dir), Some(why)) = (args.next().map(PathBuf::from), args.next()) else {
        eprintln!("usage: regional FOLDER WHY");
        std::process::exit(2);
    };
    let (recipe, plan) = (Recipe::default(), model::Plan::default());
    let taught = model::teach(&recipe, &plan)?;
    println!("{}", taught.1);
    println!("{}", model::finish(&dir, &why, taught, &recipe, &plan)?);
    Ok(())
}
