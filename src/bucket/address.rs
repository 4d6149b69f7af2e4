//! `s3://bucket/prefix` and the like: which service it names, with which access.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::HttpConnector;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::metered::{Counts, Metered};
use super::retry::{LONGEST_WAIT_S, N_RETRIES, RETRIES_LAST, SHORTEST_WAIT_S};
use super::webdav::WebDav;
use super::{Bucket, Lister, Pages, Service, fault};
use crate::error::{Result, fail};

/// Schemes of addresses that are read.
const SCHEMES: [&str; 5] = ["s3", "gs", "az", "https", "http"];

/// Whether a text is an address and not a folder: `s3://bucket/prefix`.
pub fn is_url(text: impl AsRef<Path>) -> bool {
    let text = text.as_ref().to_string_lossy();
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

impl Bucket {
    /// The objects below an address: `s3://`, `gs://`, `az://`, or `https://` and `http://` of a server that answers
    /// PROPFIND (WebDAV). No request is sent yet.
    ///
    /// Access, region and endpoint come from the usual variables of the environment (`AWS_ACCESS_KEY_ID`,
    /// `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ALLOW_HTTP`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME`, ...);
    /// an `anonymous` reader sends none.
    ///
    /// # Errors
    /// [`crate::Error::Storage`] where it is no such address, or where the variables contradict one another.
    pub fn open(address: &str, anonymous: bool) -> Result<Self> {
        let url = address.trim_end_matches('/');
        let refuse = |what: &str| {
            let remedy = "Give s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or https://HOST/PATH";
            Err(fail!(Storage, address, what, remedy))
        };
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        if !SCHEMES.contains(&scheme) {
            return refuse("not an address of a kind that is read");
        }
        // A password would go into the plan, and into messages.
        if rest.contains(['@', '?', '#', '%', '\\']) || !rest.is_ascii() {
            return refuse("an address with one of @ ? # % \\ or letters beyond ASCII");
        }
        let (host, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_of_host = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        if host.is_empty() || !host.bytes().all(is_of_host) {
            return refuse("an address without the name of a bucket or a host");
        }
        let Ok(prefix) = Key::parse(prefix) else {
            return refuse("an address with an empty name, . or .. between its slashes");
        };
        crate::tls::install();
        let counts = Arc::new(Counts::default());
        let service = service(scheme, host, anonymous, &counts);
        Ok(Self {
            service: service.map_err(|error| fault::of(&error, url))?,
            url: url.into(),
            prefix,
            counts,
        })
    }
}

fn service(
    scheme: &str,
    host: &str,
    anonymous: bool,
    counts: &Arc<Counts>,
) -> object_store::Result<Service> {
    let metered = Metered::new(counts.clone());
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_secs_f64(SHORTEST_WAIT_S),
            max_backoff: Duration::from_secs_f64(LONGEST_WAIT_S),
            base: 2.0,
        },
        max_retries: N_RETRIES,
        retry_timeout: RETRIES_LAST,
    };
    macro_rules! built {
        ($builder:expr) => {{
            let mut builder = $builder.with_retry(retry).with_http_connector(metered);
            if anonymous {
                builder = builder.with_skip_signature(true);
            }
            let store = Arc::new(builder.build()?);
            let lister = Lister::Pages(Pages(store.clone()));
            Ok(Service {
                objects: store,
                lister,
            })
        }};
    }
    match scheme {
        "s3" => built!(AmazonS3Builder::from_env().with_bucket_name(host)),
        "gs" => built!(GoogleCloudStorageBuilder::from_env().with_bucket_name(host)),
        "az" => built!(MicrosoftAzureBuilder::from_env().with_container_name(host)),
        _ => {
            let options = ClientOptions::new().with_allow_http(scheme == "http");
            let server = format!("{scheme}://{host}");
            let client = metered.connect(&options)?;
            let store = HttpBuilder::new()
                .with_url(&server)
                .with_client_options(options)
                .with_retry(retry)
                .with_http_connector(metered)
                .build()?;
            Ok(Service {
                objects: Arc::new(store),
                lister: Lister::WebDav(WebDav { client, server }),
            })
        }
    }
}
