//! Access tokens: JWTs with the claims that clients and APIs look at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::World;
use crate::addresses::Addresses;

/// Makes and reads tokens. The key follows from the client secret, so that tokens outlive a restart of
/// an emulator whose world names its secret, as Azure's do.
pub(crate) struct Signer {
    key: Vec<u8>,
    issuer: String,
    tenant: String,
}

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    pub(crate) appid: String,
    pub(crate) appidacr: String,
    pub(crate) idp: String,
    pub(crate) idtyp: String,
    pub(crate) oid: String,
    pub(crate) sub: String,
    pub(crate) tid: String,
    pub(crate) uti: String,
    pub(crate) ver: String,
}

impl Signer {
    pub(crate) fn new(world: &World, addresses: &Addresses) -> Self {
        Self {
            key: mac(
                world.client_secret.as_bytes(),
                b"azureml-emulator access tokens",
            ),
            issuer: format!("{}/{}/", addresses.base, world.tenant),
            tenant: world.tenant.clone(),
        }
    }

    /// A token of the application for the audience.
    pub(crate) fn issue(
        &self,
        audience: &str,
        app_id: &str,
        object_id: &str,
        now: Timestamp,
        seconds: u64,
    ) -> String {
        let at = now.as_second();
        let claims = Claims {
            aud: audience.to_owned(),
            iss: self.issuer.clone(),
            iat: at,
            // Entra dates tokens back by five minutes, for clocks that are late.
            nbf: at.saturating_sub(300),
            exp: at.saturating_add_unsigned(seconds),
            appid: app_id.to_owned(),
            appidacr: "1".to_owned(),
            idp: self.issuer.clone(),
            idtyp: "app".to_owned(),
            oid: object_id.to_owned(),
            sub: object_id.to_owned(),
            tid: self.tenant.clone(),
            uti: Uuid::new_v4().simple().to_string(),
            ver: "1.0".to_owned(),
        };
        let header = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"HS256","kid":"emulator"}"#);
        // A struct of strings and integers always serialises.
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap_or_default());
        let signed = format!("{header}.{payload}");
        let signature = URL_SAFE_NO_PAD.encode(mac(&self.key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The claims of a token that this signer made; nothing is said yet about its time and audience.
    pub(crate) fn read(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let mut check = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        check.update(signed.as_bytes());
        check.verify_slice(&signature).ok()?;
        let (_, payload) = signed.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length, so the error cannot occur.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mut mac| {
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Signer;
    use crate::World;
    use crate::addresses::Addresses;

    #[test]
    fn only_its_own_tokens_are_read() {
        let addresses = Addresses::new(1);
        let world = |secret: &str| World {
            client_secret: secret.to_owned(),
            ..World::default()
        };
        let signer = Signer::new(&world("one"), &addresses);
        let token = signer.issue("aud", "app", "oid", Timestamp::UNIX_EPOCH, 60);
        let claims = signer.read(&token).unwrap();
        assert_eq!((claims.aud.as_str(), claims.exp), ("aud", 60));
        assert!(
            Signer::new(&world("two"), &addresses)
                .read(&token)
                .is_none()
        );
        assert!(signer.read(&token.replace('.', "")).is_none());
        assert!(signer.read("").is_none());
    }
}
