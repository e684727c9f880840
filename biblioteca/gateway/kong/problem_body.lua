local problem = kong.ctx.shared.problem
if problem and kong.response.get_raw_body() then
  kong.response.set_raw_body(problem)
end
