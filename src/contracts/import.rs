//! From packages to contracts: every description found, compiled with what it reaches, every problem reported.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::contract::{
    Closure, Compiled, Contract, Reached, Source, State, domain_and_major, path_of_interaction, release_in_path,
    version_in_file_name,
};
use super::diagnostic::{Code, Diagnostic, Position, Severity};
use super::package::Package;
use super::pattern::PatternCache;
use super::schema::Schema;
use super::schema::build::{Leniency, build};
use super::schema::documents::{Document, Loading, Trees};
use super::schema::names::XSD;
use super::wsdl::{self, Description, Operation, WSDL};
use crate::config::contracts::{ContractSettings, ImportLimits};
use crate::domain::profile::Profile;

/// Reads packages, remembering parsed files and compiled patterns between them.
#[derive(Default)]
pub struct Importer {
    limits: ImportLimits,
    leniency: Leniency,
    trees: Trees,
    patterns: PatternCache,
}

/// What became of one description, or of one schema file by itself.
#[derive(Debug)]
pub struct Imported {
    /// The file as shown to people.
    pub path: String,
    /// Whether it can be used.
    pub is_usable: bool,
    /// Its contracts.
    pub contracts: Vec<Contract>,
    /// What was found out.
    pub diagnostics: Vec<Diagnostic>,
}

/// What became of a package.
#[derive(Debug, Default)]
pub struct Import {
    /// Its descriptions, in path order.
    pub descriptions: Vec<Imported>,
    /// What concerns no single description.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that are neither description nor schema.
    pub ignored: usize,
}

impl Import {
    /// Whether every description can be used and no archive was refused.
    pub fn is_usable(&self) -> bool {
        self.descriptions.iter().all(|description| description.is_usable)
            && !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Takes the contracts out.
    pub fn into_contracts(self) -> Vec<Contract> {
        self.descriptions.into_iter().flat_map(|description| description.contracts).collect()
    }
}

impl Importer {
    /// An importer with limits and leniency of its own.
    pub fn new(limits: ImportLimits, leniency: Leniency) -> Self {
        Self { limits, leniency, ..Self::default() }
    }

    /// An importer as the settings want it.
    pub fn with(settings: &ContractSettings) -> Self {
        let leniency = Leniency { imports: settings.lenient, literal_anchors: settings.literal_anchors };
        Self::new(settings.import.clone(), leniency)
    }

    /// Imports what a path leads to: a zip, a folder or a file.
    pub fn import_path(&mut self, path: &Path) -> Import {
        match Package::read(path, &self.limits) {
            Ok((package, notes)) => self.import(&package, notes),
            Err(refusal) => Import { diagnostics: vec![refusal], ..Import::default() },
        }
    }

    /// Imports a package. `notes` are what reading it found out.
    pub fn import(&mut self, package: &Package, notes: Vec<Diagnostic>) -> Import {
        let mut import = Import { diagnostics: notes, ..Import::default() };
        let (mut descriptions, mut schemas) = (Vec::new(), Vec::new());
        for name in package.starts() {
            match self.trees.tree(package, name, &self.limits) {
                Some(Ok(tree)) if tree.root().is(WSDL, "definitions") => descriptions.push(name),
                Some(Ok(tree)) if tree.root().is(XSD, "schema") => schemas.push(name),
                Some(Err(_)) if name.to_lowercase().ends_with(".wsdl") => descriptions.push(name),
                Some(Err(_)) if name.to_lowercase().ends_with(".xsd") => schemas.push(name),
                _ => import.ignored += 1,
            }
        }
        let mut reached = HashSet::new();
        for name in descriptions {
            let (description, files) = self.description(package, name);
            reached.extend(files);
            import.descriptions.push(description);
        }
        for name in schemas {
            if !reached.contains(name) {
                import.diagnostics.extend(self.schema(package, name));
            }
        }
        import
    }

    /// A schema that no description reaches is compiled by itself, so that its problems are known.
    fn schema(&mut self, package: &Package, name: &str) -> Vec<Diagnostic> {
        let message = "no description reaches this schema";
        let mut diagnostics = vec![Diagnostic::new(Code::Unreached, package.shown(name), Position::default(), message)];
        let (_, found) = self.compile_file(package, name);
        // A problem of a file nobody uses breaks nothing.
        let softened = found
            .into_iter()
            .map(|diagnostic| Diagnostic { severity: diagnostic.severity.min(Severity::Warning), ..diagnostic });
        diagnostics.extend(softened);
        diagnostics
    }

    /// Compiles one schema file with what it reaches.
    pub fn compile_file(&mut self, package: &Package, name: &str) -> (Option<Schema>, Vec<Diagnostic>) {
        let mut loading = Loading::new(package, &mut self.trees, &self.limits);
        loading.file(name);
        let (documents, mut diagnostics) = (loading.documents, loading.diagnostics);
        if documents.is_empty() {
            return (None, diagnostics);
        }
        let (schema, found) = build(documents, &mut self.patterns, &self.limits, self.leniency);
        diagnostics.extend(found);
        (Some(schema), diagnostics)
    }

    fn description(&mut self, package: &Package, name: &str) -> (Imported, Vec<String>) {
        let mut diagnostics = Vec::new();
        let path = package.shown(name);
        let Some(description) = wsdl::read(package, name, &mut self.trees, &self.limits, &mut diagnostics) else {
            if !diagnostics.iter().any(Diagnostic::is_error) {
                diagnostics.push(Diagnostic::new(
                    Code::NotXml,
                    path.clone(),
                    Position::default(),
                    "not a WSDL description",
                ));
            }
            return (Imported { path, is_usable: false, contracts: Vec::new(), diagnostics }, Vec::new());
        };
        let (schema, files) = self.compile(package, &description, &mut diagnostics);
        let mut contracts = Vec::new();
        if let Some(schema) = schema {
            // Where a file could not be read, that its elements are missing says nothing new.
            if !diagnostics.iter().any(Diagnostic::is_error) {
                check_parts(&description, &schema, &path, &mut diagnostics);
            }
            check_names(&description, name, &path, &mut diagnostics);
            let reached = Arc::new(Reached::now(Compiled { schema, closure: closure(package, name, &files) }));
            let making = Making { package, name, path: &path, description: &description, reached: &reached };
            contracts =
                description.operations.iter().map(|operation| making.contract(operation, &diagnostics)).collect();
        }
        let is_usable = !diagnostics.iter().any(Diagnostic::is_error);
        (Imported { path, is_usable, contracts, diagnostics }, files)
    }

    /// Compiles what a description reaches; with the entry names of all documents.
    fn compile(
        &mut self,
        package: &Package,
        description: &Description,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> (Option<Arc<Schema>>, Vec<String>) {
        let (documents, files) = self.documents(package, description, diagnostics);
        let odd: Vec<_> = documents
            .iter()
            .filter(|document| document.tree.has_odd_bytes)
            .map(|document| document.shown.clone())
            .collect();
        let schema = if documents.is_empty() {
            None
        } else {
            let (schema, found) = build(documents, &mut self.patterns, &self.limits, self.leniency);
            diagnostics.extend(found);
            Some(Arc::new(schema))
        };
        let message = "a byte-order mark or carriage returns; read as they are meant";
        let mut noted = HashSet::new();
        let odd = odd.into_iter().filter(|shown| noted.insert(shown.clone()));
        diagnostics.extend(odd.map(|shown| Diagnostic::new(Code::Bytes, shown, Position::default(), message)));
        (schema, files)
    }

    /// The schema documents that a description reaches, with their entry names.
    fn documents(
        &mut self,
        package: &Package,
        description: &Description,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> (Vec<Document>, Vec<String>) {
        let mut loading = Loading::new(package, &mut self.trees, &self.limits);
        for (file, tree, schemas) in &description.schemas {
            loading.inline(file, tree, schemas);
        }
        let (documents, found) = (loading.documents, loading.diagnostics);
        diagnostics.extend(found);
        let mut files: Vec<String> = documents.iter().map(|document| document.name.clone()).collect();
        files.dedup();
        (documents, files)
    }

    /// The contracts of a package that is known to be in order, each compiled on first use.
    pub fn promise(&mut self, package: &Arc<Package>) -> (Vec<Contract>, Vec<Diagnostic>) {
        let (mut contracts, mut diagnostics) = (Vec::new(), Vec::new());
        for name in package.starts().filter(|name| name.ends_with(".wsdl")) {
            let mut found = Vec::new();
            if let Some(description) = wsdl::read(package, name, &mut self.trees, &self.limits, &mut found) {
                let path = package.shown(name);
                check_names(&description, name, &path, &mut found);
                let (files, entry, limits, leniency) =
                    (Arc::clone(package), name.to_owned(), self.limits.clone(), self.leniency);
                let reached = Arc::new(Reached::later(move || Self::new(limits, leniency).reached(&files, &entry)));
                let making = Making { package, name, path: &path, description: &description, reached: &reached };
                contracts.extend(description.operations.iter().map(|operation| making.contract(operation, &found)));
            }
            diagnostics.extend(found);
        }
        (contracts, diagnostics)
    }

    /// The files that a description on disk reaches, whatever is wrong with them; with the values of its root's attributes
    /// and namespace declarations.
    pub fn files_of(&mut self, path: &Path) -> Result<(Closure, Vec<String>), String> {
        let (package, _) = Package::read(path, &self.limits).map_err(|refusal| refusal.message)?;
        let name = package.starts().next().ok_or("no description")?.to_owned();
        let mut found = Vec::new();
        let description = wsdl::read(&package, &name, &mut self.trees, &self.limits, &mut found);
        let description =
            description.ok_or_else(|| found.first().map_or("no description".into(), ToString::to_string))?;
        let (_, files) = self.documents(&package, &description, &mut found);
        let values = description.tree.root().values().map(str::to_owned).collect();
        Ok((closure(&package, &name, &files), values))
    }

    /// Compiles what the description at an entry reaches. What is wrong is not told: the package is known to be in order.
    fn reached(&mut self, package: &Package, name: &str) -> Compiled {
        let mut found = Vec::new();
        let description = wsdl::read(package, name, &mut self.trees, &self.limits, &mut found);
        let compiled = description.map(|description| self.compile(package, &description, &mut found));
        let (schema, files) = compiled.unwrap_or_default();
        Compiled { schema: schema.unwrap_or_default(), closure: closure(package, name, &files) }
    }
}

fn closure(package: &Package, name: &str, files: &[String]) -> Closure {
    let bytes = |name: &str| package.bytes(name).cloned().unwrap_or_else(|| Arc::from(&[][..]));
    let unique: BTreeMap<&str, ()> =
        files.iter().filter(|file| *file != name).map(|file| (file.as_str(), ())).collect();
    Closure {
        wsdl: (name.to_owned(), bytes(name)),
        files: unique.into_keys().map(|file| (file.to_owned(), bytes(file))).collect(),
    }
}

/// Every element that a message part names exists.
fn check_parts(description: &Description, schema: &Schema, path: &str, diagnostics: &mut Vec<Diagnostic>) {
    for operation in &description.operations {
        let elements = std::iter::once(&operation.request).chain(&operation.response);
        for element in elements.chain(operation.headers.iter().map(|(_, element)| element)) {
            let symbol = schema.names.symbol(&element.namespace, &element.local);
            if !schema.global_elements.contains_key(&symbol) {
                let message = format!(
                    "a part of operation {} names element {}, which no schema declares",
                    operation.name,
                    element.clark()
                );
                diagnostics.push(Diagnostic::new(Code::MessagePart, path, operation.position, message));
            }
        }
    }
}

/// What `contracts.md` §1.1 says of names, checked gently: published contracts deviate, and their names stand.
fn check_names(description: &Description, name: &str, path: &str, diagnostics: &mut Vec<Diagnostic>) {
    for operation in &description.operations {
        let expected = format!("{}:{}", operation.request.namespace, operation.name);
        if operation.soap_action != expected {
            let message = format!(
                "soapAction is \"{}\", usually \"{expected}\"; the published value is used",
                operation.soap_action
            );
            diagnostics.push(Diagnostic::new(Code::SoapAction, path, operation.position, message));
        }
        let (_, major) = domain_and_major(&operation.request.namespace);
        if let Some(version) = version_in_file_name(name)
            && major > 0
            && version.major != major
        {
            let message = format!("the file name says version {version}, the namespace major {major}");
            diagnostics.push(Diagnostic::new(Code::Version, path, Position::default(), message));
        }
    }
}

struct Making<'a> {
    package: &'a Package,
    name: &'a str,
    path: &'a str,
    description: &'a Description,
    reached: &'a Arc<Reached>,
}

impl Making<'_> {
    fn contract(&self, operation: &Operation, diagnostics: &[Diagnostic]) -> Contract {
        let namespace = operation.request.namespace.clone();
        let (domain, major) = domain_and_major(&namespace);
        let minor = version_in_file_name(self.name).map_or(0, |version| version.minor);
        let worst = diagnostics.iter().map(|diagnostic| diagnostic.severity).max();
        let state = match worst {
            Some(Severity::Error) => State::Broken,
            Some(Severity::Warning) => State::Warnings,
            _ => State::Ok,
        };
        let profile = self.profile(operation);
        let source = Source {
            kind: self.package.kind,
            path: self.path.to_owned(),
            release: release_in_path(&self.package.path),
            has_test_cases: self.package.has_test_cases(&operation.name),
            has_description: self.package.has_description(),
        };
        let hub_path = format!("vp/{}/{}/{major}/{profile}", domain.replace(':', "/"), operation.name);
        Contract {
            described_path: path_of_interaction(&self.description.target).filter(|path| *path != hub_path),
            hub_path,
            namespace,
            operation: operation.name.clone(),
            domain,
            version: super::contract::Version { major, minor },
            profile,
            soap_action: operation.soap_action.clone(),
            request: operation.request.clone(),
            response: operation.response.clone(),
            headers: operation.headers.clone(),
            faults: operation.faults.clone(),
            sources: vec![source],
            state,
            diagnostics: diagnostics.to_vec(),
            reached: self.reached.clone(),
        }
    }

    /// By the description's namespace, else its file name, else the header; 2.1 where nothing tells.
    fn profile(&self, operation: &Operation) -> Profile {
        let target = self.description.target.to_lowercase();
        let file = self.name.to_lowercase();
        for text in [&target, &file] {
            if text.contains("rivtabp20") {
                return Profile::Rivtabp20;
            }
            if text.contains("rivtabp21") {
                return Profile::Rivtabp21;
            }
        }
        let is_to = operation.headers.iter().any(|(_, element)| element.local == "To");
        if is_to { Profile::Rivtabp20 } else { Profile::Rivtabp21 }
    }
}

#[cfg(test)]
mod tests;
