//! StationXML 1.1 (FDSN, <https://docs.fdsn.org/projects/stationxml>) of the simulated station.

use super::channels::{CHANNELS, Channel, LOCATION, NETWORK, STATION, epoch};
use super::station::{Level, SITE, plain};
use crate::classroom::instrument;

/// The station with those channels, told to that level.
pub(super) fn write(level: Level, channels: &[Channel]) -> String {
    let (start, end) = epoch();
    let dates = format!("startDate=\"{}\" endDate=\"{}\"", plain(start), plain(end));
    let position = format!(
        "<Latitude>{}</Latitude><Longitude>{}</Longitude><Elevation>{}</Elevation>",
        instrument::STATION.latitude_deg,
        instrument::STATION.longitude_deg,
        instrument::ELEVATION_M
    );
    let channel = |channel: &Channel| {
        format!(
            "<Channel code=\"{}\" locationCode=\"{LOCATION}\" {dates}>{position}<Depth>0</Depth>\
             <Azimuth>{}</Azimuth><Dip>{}</Dip><SampleRate>{}</SampleRate>{}</Channel>\n",
            channel.code,
            // A vertical has no azimuth; StationXML wants a number all the same.
            instrument::AZIMUTHS_DEG[channel.component],
            instrument::DIPS_DEG[channel.component],
            channel.sampling_rate_hz(),
            response(level),
        )
    };
    let channels_told: String = match level {
        Level::Network | Level::Station => String::new(),
        Level::Channel | Level::Response => channels.iter().map(channel).collect(),
    };
    let station = match level {
        Level::Network => String::new(),
        _ => format!(
            "<Station code=\"{STATION}\" {dates}>{position}<Site><Name>{SITE}</Name></Site>\
             <TotalNumberChannels>{}</TotalNumberChannels>\
             <SelectedNumberChannels>{}</SelectedNumberChannels>\n{channels_told}</Station>\n",
            CHANNELS.len(),
            channels.len()
        ),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <FDSNStationXML xmlns=\"http://www.fdsn.org/xml/station/1\" schemaVersion=\"1.1\">\n\
         <Source>quakebook classroom (simulated)</Source><Sender>quakebook</Sender>\
         <Created>{}</Created>\n\
         <Network code=\"{NETWORK}\" {dates}><Description>Simulated network</Description>\
         <TotalNumberStations>1</TotalNumberStations>\
         <SelectedNumberStations>1</SelectedNumberStations>\n{station}</Network>\n\
         </FDSNStationXML>\n",
        plain(start)
    )
}

/// The simulated instrument is flat: velocity times one number, without poles and zeros.
fn response(level: Level) -> String {
    let gain = instrument::SENSITIVITY_COUNTS_PER_M_S;
    let units = "<InputUnits><Name>m/s</Name></InputUnits>\
                 <OutputUnits><Name>counts</Name></OutputUnits>";
    let stage = format!(
        "<Stage number=\"1\"><PolesZeros>{units}\
         <PzTransferFunctionType>LAPLACE (RADIANS/SECOND)</PzTransferFunctionType>\
         <NormalizationFactor>1</NormalizationFactor>\
         <NormalizationFrequency>1</NormalizationFrequency></PolesZeros>\
         <StageGain><Value>{gain}</Value><Frequency>1</Frequency></StageGain></Stage>"
    );
    let stage = match level {
        Level::Response => stage,
        _ => String::new(),
    };
    format!(
        "<Response><InstrumentSensitivity><Value>{gain}</Value><Frequency>1</Frequency>\
         {units}</InstrumentSensitivity>{stage}</Response>"
    )
}
