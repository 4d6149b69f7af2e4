//! Where an archive lies: the arguments of every command that only reads it.

use std::path::{Path, PathBuf};

use quakebook::waveform::{Layout, Place, Traffic};

use crate::output;

/// What `--help` of such a command tells of buckets.
macro_rules! buckets {
    () => {
        "\
An archive may lie in object storage: s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, or
https://HOST/PATH of a server that lists its folders (WebDAV). It is only read. Keys, region and endpoint come
from the usual variables of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION,
AWS_ENDPOINT_URL, AWS_ALLOW_HTTP, GOOGLE_SERVICE_ACCOUNT, AZURE_STORAGE_ACCOUNT_NAME, ...); a public bucket
needs --anonymous and its region. Give --from and --to: then only those days are listed. Of a day of which less
than four hours are needed a part is read, by the archive's folder `index`, if that lies in the bucket too, else
by a look at some records; then the records are taken to follow one another in time.

The layouts of data centres follow their public descriptions; none was tried on the real bucket:
  scedc  s3://scedc-pds/continuous_waveforms, AWS_REGION=us-west-2   YEAR/YEAR_DAY/NETSTA__CHANLC_YEARDAY.ms
  ncedc  s3://ncedc-pds/continuous_waveforms, AWS_REGION=us-east-2   NET/YEAR/YEAR.DAY/STA.NET.CHAN.LOC.D.YEAR.DAY
EarthScope's bucket holds all channels of a station's day in one object, and is not read."
    };
}
pub(crate) use buckets;

#[derive(clap::Args)]
pub struct ArchiveArgs {
    /// The archive with the records: a folder, or s3://BUCKET/PREFIX and the like
    #[arg(long, value_name = "DIR|URL")]
    archive: PathBuf,
    /// How its files are named: sds, scedc or ncedc
    #[arg(long, value_name = "NAME", default_value = "sds")]
    layout: Layout,
    /// Read a bucket without a key
    #[arg(long)]
    anonymous: bool,
}

impl ArchiveArgs {
    /// A folder in the layout SDS.
    pub fn folder(archive: &Path) -> Self {
        Self {
            archive: archive.into(),
            layout: Layout::Sds,
            anonymous: false,
        }
    }

    pub fn place(&self) -> quakebook::Result<Place> {
        Place::of(&self.archive, self.layout, self.anonymous)
    }
}

/// Says how much was asked of a bucket.
pub fn tell(traffic: Option<Traffic>) {
    if let Some(Traffic {
        n_requests,
        n_bytes,
    }) = traffic
    {
        let requests = output::counted(n_requests as usize, "request");
        let megabytes = n_bytes as f64 / 1e6;
        output::progress(format!("{requests} to the bucket, {megabytes:.2} MB read"));
    }
}
