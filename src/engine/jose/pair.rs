//! A key pair of any kind that can sign: its algorithms, its signatures, and its public half.

use std::borrow::Cow;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::jose::algorithm::Algorithm;

pub(super) enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

#[derive(Clone, Copy)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The bytes of a coordinate, and of the private number.
    pub(super) fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(super) fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        }
    }
}

impl Pair {
    /// PKCS#8, as PEM and `to_pkcs8` have it.
    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let rsa = RsaKeyPair::from_pkcs8(der).ok().map(|pair| Self::Rsa(Box::new(pair)));
        rsa.or_else(|| Self::ec_from_der(der))
            .or_else(|| Ed25519KeyPair::from_pkcs8(der).ok().map(Self::Ed25519))
    }

    pub(super) fn rsa_from_pkcs1(der: &[u8]) -> Option<Self> {
        RsaKeyPair::from_der(der).ok().map(|pair| Self::Rsa(Box::new(pair)))
    }

    /// SEC1 or PKCS#8.
    pub(super) fn ec_from_der(der: &[u8]) -> Option<Self> {
        Curve::ALL.into_iter().find_map(|curve| {
            let pair = EcdsaKeyPair::from_private_key_der(curve.signing(), der);
            pair.ok().map(|pair| Self::Ec(curve, pair))
        })
    }

    /// The first one is the default.
    pub(super) fn algorithms(&self) -> &'static [Algorithm] {
        use Algorithm::{ES256, ES384, ES512, Ed25519, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        match self {
            Self::Rsa(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
            Self::Ec(Curve::P256, _) => &[ES256],
            Self::Ec(Curve::P384, _) => &[ES384],
            Self::Ec(Curve::P521, _) => &[ES512],
            Self::Ed25519(_) => &[EdDSA, Ed25519],
        }
    }

    /// `algorithm` is one of [`Self::algorithms`].
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding(algorithm), &random, message, &mut signature)?;
                Ok(signature)
            }
            Self::Ec(_, pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Self::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
        }
    }

    pub(super) fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let der = match self {
            Self::Rsa(pair) => AsDer::<Pkcs8V1Der>::as_der(&**pair)?.as_ref().to_vec(),
            Self::Ec(_, pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
            Self::Ed25519(pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
        };
        Ok(Zeroizing::new(der))
    }

    /// The members of the public JWK that a thumbprint covers, in its order (RFC 7638 §3.2, RFC 8037 §2).
    pub(super) fn public_members(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::Rsa(pair) => {
                let (modulus, exponent) = (pair.public_key().modulus(), pair.public_key().exponent());
                vec![
                    ("e", base64(exponent.big_endian_without_leading_zero())),
                    ("kty", "RSA".into()),
                    ("n", base64(modulus.big_endian_without_leading_zero())),
                ]
            }
            Self::Ec(curve, pair) => {
                // The first byte says that both coordinates follow.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(curve.width());
                vec![("crv", curve.name().into()), ("kty", "EC".into()), ("x", base64(x)), ("y", base64(y))]
            }
            Self::Ed25519(pair) => {
                vec![
                    ("crv", "Ed25519".into()),
                    ("kty", "OKP".into()),
                    ("x", base64(pair.public_key().as_ref())),
                ]
            }
        }
    }
}

fn padding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::RS384 => &RSA_PKCS1_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_SHA512,
        Algorithm::PS256 => &RSA_PSS_SHA256,
        Algorithm::PS384 => &RSA_PSS_SHA384,
        Algorithm::PS512 => &RSA_PSS_SHA512,
        _ => &RSA_PKCS1_SHA256,
    }
}

fn base64(bytes: &[u8]) -> Cow<'static, str> {
    URL_SAFE_NO_PAD.encode(bytes).into()
}
