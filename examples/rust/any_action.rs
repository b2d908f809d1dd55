//! Any action of the service, with JSON in and JSON out, under the same rules about money.

use std::env::var;

use volcv::{BlockingClient, CallOptions, CvRequest, Picture};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let photo = Picture::from(std::fs::read("examples/assets/valley.jpg")?);

    let body = serde_json::json!({"req_key": "i2i_outpainting", "top": 0.2, "bottom": 0.2, "left": 0.2, "right": 0.2});
    let submit = CvRequest::new("CVSync2AsyncSubmitTask", "2022-08-31", body)?.with_pictures(vec![photo])?;
    let reply = client.call(submit, &CallOptions::new())?.reply;
    let task = reply.data.and_then(|data| data.task_id).ok_or("no task id")?;

    let body = serde_json::json!({"req_key": "i2i_outpainting", "task_id": task});
    let query = CvRequest::new("CVSync2AsyncGetResult", "2022-08-31", body)?;
    let data = client.call(query, &CallOptions::new())?.reply.data.ok_or("no data")?;
    println!("task {task}: {}, {} pictures", data.status.unwrap_or_default(), data.binary_data_base64.len());
    Ok(())
}
