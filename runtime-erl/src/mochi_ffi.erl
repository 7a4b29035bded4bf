-module(mochi_ffi).
-moduledoc "The foreign functions that every host can offer: parts of Go's `strings` and `math` and of Python's `math`.".

-export([to_upper/1, to_lower/1, trim_space/1, sqrt/1, pow/2, sin/1, cos/1, tan/1, atan/1, exp/1, log/1]).
-export([abs_float/1, floor/1, ceil/1, add/2]).

-compile({no_auto_import, [floor/1, ceil/1]}).

-doc "`strings.ToUpper`".
-spec to_upper(term()) -> binary().
to_upper(S) -> mochi_str:upper(S).
-doc "`strings.ToLower`".
-spec to_lower(term()) -> binary().
to_lower(S) -> mochi_str:lower(S).
-doc "`strings.TrimSpace`".
-spec trim_space(term()) -> binary().
trim_space(S) -> mochi_str:trim(S).

-doc "Square root; NaN below zero.".
-spec sqrt(term()) -> term().
sqrt(X) -> float_fun(fun math:sqrt/1, X).
-doc "Sine.".
-spec sin(term()) -> term().
sin(X) -> float_fun(fun math:sin/1, X).
-doc "Cosine.".
-spec cos(term()) -> term().
cos(X) -> float_fun(fun math:cos/1, X).
-doc "Tangent.".
-spec tan(term()) -> term().
tan(X) -> float_fun(fun math:tan/1, X).
-doc "Arc tangent.".
-spec atan(term()) -> term().
atan(X) -> float_fun(fun math:atan/1, X).
-doc "e to the power of x.".
-spec exp(term()) -> term().
exp(X) ->
    try math:exp(mochi_num:to_float(X)) catch error:badarith -> inf end.
-doc "Natural logarithm.".
-spec log(term()) -> term().
log(X) ->
    case mochi_num:to_float(X) of
        F when F == 0 -> neg_inf;
        F -> float_fun(fun math:log/1, F)
    end.
-doc "Power of floats.".
-spec pow(term(), term()) -> term().
pow(X, Y) -> mochi_num:pow(mochi_num:to_float(X), mochi_num:to_float(Y)).
-doc "Absolute value as a float.".
-spec abs_float(term()) -> term().
abs_float(X) -> mochi_num:abs(mochi_num:to_float(X)).
-doc "Floor as a float.".
-spec floor(term()) -> term().
floor(X) -> mochi_num:floor(mochi_num:to_float(X)).
-doc "Ceiling as a float.".
-spec ceil(term()) -> term().
ceil(X) -> mochi_num:ceil(mochi_num:to_float(X)).
-doc "`testpkg.Add`".
-spec add(term(), term()) -> term().
add(X, Y) -> mochi_num:add(X, Y).

float_fun(F, X) ->
    case mochi_num:to_float(X) of
        V when is_float(V) -> try F(V) catch error:badarith -> nan end;
        V -> V
    end.
