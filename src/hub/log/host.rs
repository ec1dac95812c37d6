//! The machine's own fields of a log event, found once.

use super::ecs::quoted;

/// What is known about this machine.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// All `host.*` and `service.name` fields, as the end of a JSON object.
    pub ecs_fields: Vec<u8>,
}

impl Host {
    /// This machine.
    pub fn this() -> Self {
        let system = rustix::system::uname();
        let text = |c: &std::ffi::CStr| c.to_string_lossy().into_owned();
        let name = text(system.nodename());
        let fields = [
            ("service.name", "anslut".to_owned()),
            ("host.hostname", name.clone()),
            ("host.ip", "127.0.0.1".to_owned()),
            ("host.architecture", text(system.machine())),
            ("host.os.family", std::env::consts::FAMILY.to_owned()),
            ("host.os.name", text(system.sysname())),
            ("host.os.platform", std::env::consts::OS.to_owned()),
            ("host.os.version", text(system.release())),
            ("host.type", "server".to_owned()),
        ];
        let mut ecs_fields = Vec::new();
        for (key, value) in fields {
            ecs_fields.push(b',');
            quoted(&mut ecs_fields, key);
            ecs_fields.push(b':');
            quoted(&mut ecs_fields, &value);
        }
        Self { name, ecs_fields }
    }
}
