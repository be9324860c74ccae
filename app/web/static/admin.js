// In the Shopify admin App Bridge shows our navigation in the admin's own; without it ours stays.
if (window.shopify?.config) document.documentElement.classList.add("in-admin");
