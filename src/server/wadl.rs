//! A machine-readable description of each service (WADL), which ObsPy's client asks for first.

use super::query::Known;
use super::{dataselect, event, station};

/// The description of one service's query.
pub(super) fn describe(service: &str) -> String {
    let parameters: Vec<Known> = match service {
        "event" => event::known().collect(),
        "station" => station::known().collect(),
        _ => dataselect::known().collect(),
    };
    let parameters: String = parameters
        .iter()
        .map(|(name, _, kind)| {
            let kind = kind.xml_type();
            format!("<param name=\"{name}\" style=\"query\" type=\"{kind}\"/>\n")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <application xmlns=\"http://wadl.dev.java.net/2009/02\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n\
         <resources base=\"/fdsnws/{service}/1/\">\n\
         <resource path=\"query\"><method name=\"GET\" id=\"query\"><request>\n\
         {parameters}</request></method></resource>\n\
         </resources>\n</application>\n"
    )
}
