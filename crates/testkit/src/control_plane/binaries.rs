//! Which binaries: those of `KUBEBUILDER_ASSETS` for people who have setup-envtest, else our own build.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::tools;

/// Whose etcd it is: the flags differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `tests/control-plane`.
    Own,
    /// A release of etcd.
    Release,
}

#[derive(Debug)]
pub(super) struct Binaries {
    assets: Option<PathBuf>,
    own: Option<PathBuf>,
}

impl Binaries {
    /// Finds them, building what is missing. Assets of envtest have no controller-manager: then ours runs beside them.
    pub(super) fn find() -> Result<Self> {
        let assets = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty());
        Self::find_in(assets, tools::control_plane)
    }

    fn find_in(assets: Option<OsString>, build: impl Fn() -> Result<PathBuf>) -> Result<Self> {
        let Some(assets) = assets.map(PathBuf::from) else {
            return Ok(Self {
                assets: None,
                own: Some(build()?),
            });
        };
        for needed in ["etcd", "kube-apiserver"] {
            if !assets.join(needed).is_file() {
                bail!(
                    "KUBEBUILDER_ASSETS is {}, and {needed} is not there",
                    assets.display()
                );
            }
        }
        let complete = assets.join("kube-controller-manager").is_file();
        Ok(Self {
            own: if complete { None } else { Some(build()?) },
            assets: Some(assets),
        })
    }

    pub(super) fn kind(&self) -> Kind {
        if self.assets.is_some() {
            Kind::Release
        } else {
            Kind::Own
        }
    }

    pub(super) fn etcd(&self) -> Command {
        self.part("etcd")
    }

    pub(super) fn apiserver(&self) -> Command {
        self.part("kube-apiserver")
    }

    pub(super) fn controller_manager(&self) -> Command {
        self.part("kube-controller-manager")
    }

    fn part(&self, name: &str) -> Command {
        let asset = self.assets.as_ref().map(|folder| folder.join(name));
        match (asset.filter(|path| path.is_file()), &self.own) {
            (None, Some(own)) => {
                let mut command = Command::new(own);
                command.arg(name);
                command
            }
            (asset, _) => Command::new(asset.as_deref().unwrap_or(Path::new(name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "/cache/control-plane";

    fn words(command: &Command) -> Vec<String> {
        let program = std::iter::once(command.get_program());
        program
            .chain(command.get_args())
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn without_assets_all_parts_are_our_own() {
        let binaries = Binaries::find_in(None, || Ok(OWN.into())).unwrap();
        assert_eq!(words(&binaries.etcd()), [OWN, "etcd"]);
        assert_eq!(words(&binaries.apiserver()), [OWN, "kube-apiserver"]);
        assert_eq!(binaries.kind(), Kind::Own);
    }

    #[test]
    fn assets_are_used_and_completed() {
        let folder = tempfile::tempdir().unwrap();
        let assets = || Some(folder.path().as_os_str().to_owned());
        let error = Binaries::find_in(assets(), || Ok(OWN.into()))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("KUBEBUILDER_ASSETS") && error.contains("etcd"),
            "{error}"
        );

        for part in ["etcd", "kube-apiserver"] {
            std::fs::write(folder.path().join(part), "").unwrap();
        }
        let binaries = Binaries::find_in(assets(), || Ok(OWN.into())).unwrap();
        assert_eq!(binaries.kind(), Kind::Release);
        assert_eq!(
            words(&binaries.etcd()),
            [folder.path().join("etcd").to_str().unwrap()]
        );
        assert_eq!(
            words(&binaries.controller_manager()),
            [OWN, "kube-controller-manager"]
        );

        std::fs::write(folder.path().join("kube-controller-manager"), "").unwrap();
        let never = || bail!("built although everything is there");
        let binaries = Binaries::find_in(assets(), never).unwrap();
        assert_eq!(words(&binaries.controller_manager()).len(), 1);
    }
}
