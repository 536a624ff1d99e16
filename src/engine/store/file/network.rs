//! Which file systems are a network's, or may be.

use std::fs::File;
use std::io;

/// Network file systems, and those of virtual machines, by `statfs` (`linux/magic.h`). FUSE may be anything.
#[cfg(any(target_os = "linux", target_os = "android"))]
const KINDS: [(i64, &str); 19] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x564c, "NCP"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x2003_0528, "OrangeFS"),
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
];

/// None for a local file system.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn kind(directory: &File) -> io::Result<Option<&'static str>> {
    let stat = rustix::fs::fstatfs(directory)?;
    Ok(named(stat.f_type))
}

/// Its type differs from processor to processor, and has a sign on some.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn named(magic: impl Into<i64>) -> Option<&'static str> {
    let magic = magic.into() & 0xffff_ffff;
    KINDS.iter().find(|(known, _)| *known == magic).map(|(_, name)| *name)
}

/// Not tested: no such machine was at hand.
#[cfg(target_vendor = "apple")]
pub(super) fn kind(directory: &File) -> io::Result<Option<&'static str>> {
    const MNT_LOCAL: u32 = 0x1000;
    let stat = rustix::fs::fstatfs(directory)?;
    Ok((stat.f_flags & MNT_LOCAL == 0).then_some("not local"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::named;

    #[test]
    fn network_file_systems_are_known_by_number() {
        for (magic, name) in
            [(0x6969_i64, Some("NFS")), (0xef53, None), (0x0102_1994, None), (0x6573_5546, Some("FUSE"))]
        {
            assert_eq!(named(magic), name, "{magic:x}");
        }
        assert_eq!(named(0xff53_4d42_u32.cast_signed()), Some("CIFS"), "where the number has a sign");
    }
}
