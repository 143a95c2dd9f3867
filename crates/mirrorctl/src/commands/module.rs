//! `module`: the filter that lies in mirrorctl, to a registry or to a file.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::Environment;
use crate::cli::{DigestArgs, ModuleCommand, ModuleFormat, PushArgs, SaveArgs};
use crate::error::{Error, Result};
use crate::module::push::{Pushed, push};
use crate::module::{self, Image, client};
use crate::output::{Answer, AnswerForm, value};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(command: &ModuleCommand, environment: &Environment<'_>) -> Result<Answer> {
    let wasm = module::wasm().ok_or_else(|| Error::Failed(module::MISSING.to_owned()))?;
    let image = Image::new(wasm).map_err(|error| Error::Failed(format!("the image cannot be made: {error}")))?;
    match command {
        ModuleCommand::Push(args) => pushed(args, &image, environment),
        ModuleCommand::Save(args) => saved(args, wasm, &image),
        ModuleCommand::Digest(args) => Ok(digests(args, wasm, &image)),
    }
}

fn pushed(args: &PushArgs, image: &Image, environment: &Environment<'_>) -> Result<Answer> {
    let access = client::Access {
        ca_file: args.ca_file.as_deref(),
        insecure: args.insecure,
        patience: Duration::from_secs(args.timeout.into()),
        logins: &environment.logins,
    };
    let tag = args.to.tag.as_deref().unwrap_or(VERSION);
    let done = push(image, &args.to, tag, access)?;
    let url = format!("oci://{}@{}", args.to, image.manifest.digest);
    let mut answer = Answer::data(format!("{url}\n"));
    answer.hints.push(match done {
        Pushed::Sent => format!("pushed as {}:{tag}", args.to),
        Pushed::Tagged => format!("it was there already; {}:{tag} now names it", args.to),
        Pushed::Known => format!("it was there already, as {}:{tag}", args.to),
    });
    Ok(answer)
}

fn saved(args: &SaveArgs, wasm: &[u8], image: &Image) -> Result<Answer> {
    let format = args.format.or_else(|| by_ending(&args.file)).ok_or_else(|| {
        Error::Usage(format!(
            "{}: ends neither in .wasm nor in .tar; say by --format whether it is wasm or oci",
            args.file.display()
        ))
    })?;
    let failed = |error| Error::Output {
        name: args.file.display().to_string(),
        error,
    };
    let (bytes, what) = match format {
        ModuleFormat::Wasm => (wasm.to_vec(), format!("the module, {}", module::image::digest(wasm))),
        ModuleFormat::Oci => (
            image.archive(VERSION).map_err(failed)?,
            format!("the image, {}", image.manifest.digest),
        ),
    };
    std::fs::write(&args.file, bytes).map_err(failed)?;
    let mut answer = Answer::default();
    answer.hints.push(format!("{}: {what}", args.file.display()));
    Ok(answer)
}

fn by_ending(file: &Path) -> Option<ModuleFormat> {
    match file.extension()?.to_str()? {
        "wasm" => Some(ModuleFormat::Wasm),
        "tar" => Some(ModuleFormat::Oci),
        _ => None,
    }
}

fn digests(args: &DigestArgs, wasm: &[u8], image: &Image) -> Answer {
    let (image, module) = (&image.manifest.digest, module::image::digest(wasm));
    Answer::data(match args.output {
        AnswerForm::Table => format!("image   {image}\nmodule  {module}\n"),
        AnswerForm::Json => value(&json!({"version": VERSION, "image": image, "module": module, "bytes": wasm.len()})),
    })
}
